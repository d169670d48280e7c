"""Doing things at the same time, and stopping in the middle of them."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@asynccontextmanager
async def concurrently() -> AsyncIterator[asyncio.TaskGroup]:
    """Do several things at once; the first that fails ends all, and is the one to be told."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def ends_before(task: asyncio.Task[object], stop: asyncio.Event) -> bool:
    """Wait for the task or the stop; tell whether the task ended, and cancel it otherwise."""
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
    if not stop.is_set():
        return True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False


def stop_on_signals(stop: asyncio.Event, kill: Callable[[], None]) -> None:
    """Let the first signal stop in order, and the second kill."""

    def asked() -> None:
        if stop.is_set():
            kill()
        stop.set()

    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, asked)
