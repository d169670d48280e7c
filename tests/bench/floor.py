"""Starts and stops the floor server on a schema of its own."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from bench.floor_app import TABLES
from embedded.processes import die_with_parent

DROP = "DROP SCHEMA IF EXISTS bench_floor CASCADE"


@asynccontextmanager
async def floor_server(dsn: str) -> AsyncIterator[tuple[str, int, int]]:
    """Run the floor; yields host, port and process id."""
    await _execute(dsn, DROP + ";" + TABLES)
    port = free_port()
    argv = [sys.executable, "-m", "uvicorn", "bench.floor_app:app", "--port", str(port)]
    argv += ["--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "warning"]
    # It waits while the service is measured.
    argv += ["--timeout-keep-alive", "600"]
    process = await asyncio.create_subprocess_exec(
        *die_with_parent(argv, death_signal=signal.SIGTERM),
        env={**os.environ, "FLOOR_DSN": dsn, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        await wait_for_port("127.0.0.1", port)
        yield "127.0.0.1", port, process.pid
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        await _execute(dsn, DROP)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def wait_for_port(host: str, port: int, *, within: float = 20) -> None:
    """Return when something accepts connections there."""
    async with asyncio.timeout(within):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


async def _execute(dsn: str, script: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await connection.execute(script, timeout=60)
    finally:
        await connection.close()
