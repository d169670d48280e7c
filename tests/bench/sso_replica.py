"""Another replica of `sso serve` beside the stack's, on a database address of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.floor import free_port, wait_for_port
from demo.stack import Stack
from embedded.processes import die_with_parent


@asynccontextmanager
async def replica(stack: Stack, dsn: str) -> AsyncIterator[str]:
    """Run one; yields its address."""
    port, metrics = free_port(), free_port()
    settings = {
        "SSO_DATABASE_URL": dsn,
        "SSO_HTTP_PORT": str(port),
        "SSO_METRICS_PORT": str(metrics),
    }
    argv = [sys.executable, "-m", "sso", "serve"]
    process = await asyncio.create_subprocess_exec(
        *die_with_parent(argv, death_signal=signal.SIGTERM),
        env={**os.environ, **stack.service("sso")["env"], **settings},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await wait_for_port("127.0.0.1", port)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
