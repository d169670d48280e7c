"""Waiting for a server that was just started: until it answers, ends or takes too long."""

import asyncio
from collections.abc import Awaitable, Callable

from embedded.errors import EmbeddedError
from embedded.processes import Process


async def until_ready(
    process: Process, answers: Callable[[], Awaitable[bool]], *, within: float, every: float = 0.1
) -> None:
    """Return once `answers` is true; raise with the process's last words otherwise."""
    try:
        async with asyncio.timeout(within):
            ready = False
            while not ready:
                ready = await answers()
                # Also when something answers: it may be somebody else on the same port.
                if not process.alive:
                    code = await process.wait()
                    raise EmbeddedError(process.failure_message(f"ended with exit code {code}"))
                await asyncio.sleep(0 if ready else every)
    except TimeoutError:
        raise EmbeddedError(
            process.failure_message(f"was not ready within {within:.0f} s")
        ) from None
