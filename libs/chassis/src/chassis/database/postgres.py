"""PostgreSQL: a pool whose connections are warm and bounded in time, and its transactions.

Nothing may set session state on a pooled connection: releasing one resets nothing, because the
reset costs four statements each time.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg

from chassis.database.failures import DATABASE_FAILURES

CONNECT_TIMEOUT = 10.0
COMMAND_TIMEOUT = 30.0
ACQUIRE_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0
CACHED_STATEMENTS = 512

_SERVER_SETTINGS = {
    # Compiling takes longer than any of our statements runs.
    "jit": "off",
    # A process that was stopped in the middle of a transaction must not keep its locks.
    "idle_in_transaction_session_timeout": "10s",
}


async def create_pool(dsn: str, *, size: int, warm: Sequence[str] = ()) -> asyncpg.Pool:
    """Open `size` connections, each with the `warm` statements prepared (20-70 ms at first use)."""

    async def prepare(connection: asyncpg.Connection) -> None:
        for statement in warm:
            # The public prepare() keeps its statement apart from the cache that fetch() reads.
            await connection._prepare(statement, use_cache=True)  # type: ignore[attr-defined]

    return await asyncpg.create_pool(
        dsn,
        min_size=size,
        max_size=size,
        max_inactive_connection_lifetime=0,
        init=prepare,
        reset=_keep,
        timeout=CONNECT_TIMEOUT,
        command_timeout=COMMAND_TIMEOUT,
        statement_cache_size=CACHED_STATEMENTS,
        max_cached_statement_lifetime=0,
        server_settings=_SERVER_SETTINGS,
    )


async def connect(dsn: str, **server_settings: str) -> asyncpg.Connection:
    """Open one connection outside any pool, for locks and LISTEN."""
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_TIMEOUT,
        command_timeout=COMMAND_TIMEOUT,
        statement_cache_size=CACHED_STATEMENTS,
        max_cached_statement_lifetime=0,
        server_settings=_SERVER_SETTINGS | server_settings,
    )


async def disconnect(connection: asyncpg.Connection) -> None:
    """Close a connection within a bounded time, whatever state it is in."""
    try:
        await connection.close(timeout=CLOSE_TIMEOUT)
    except DATABASE_FAILURES:
        connection.terminate()


@asynccontextmanager
async def transaction(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection with an open transaction: commit on a clean exit, else roll back."""
    async with pool.acquire(timeout=ACQUIRE_TIMEOUT) as connection, connection.transaction():
        # The proxy has every method of the connection that it lends.
        yield cast("asyncpg.Connection", connection)


async def _keep(_connection: Any) -> None:
    """Reset nothing when a connection goes back to the pool."""
