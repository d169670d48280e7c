"""PostgreSQL: a pool whose connections are warm and bounded in time, and its transactions.

Nothing may set session state on a pooled connection: releasing one resets nothing, because the
reset costs four statements each time.

asyncpg's pool makes a proxy, two context managers and a shielded task for each statement, which
costs as much as the statement does here. A statement by itself takes an idle connection and puts it
back, or waits for one where asyncpg's borrowers wait; what is unusual (one broken, not yet open or
still being cancelled) goes asyncpg's way.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import structlog

from chassis.database.failures import DATABASE_FAILURES

CONNECT_TIMEOUT = 10.0
COMMAND_TIMEOUT = 30.0
ACQUIRE_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0
CACHED_STATEMENTS = 512
MAX_QUERIES = 50_000
"""Statements after which a connection is replaced, since PostgreSQL's process for it grows."""

log = structlog.get_logger()

_SERVER_SETTINGS = {
    # Compiling takes longer than any of our statements runs.
    "jit": "off",
    # A process that was stopped in the middle of a transaction must not keep its locks.
    "idle_in_transaction_session_timeout": "10s",
    # Before COMMAND_TIMEOUT, so that waiting for somebody else is not mistaken for being slow.
    "lock_timeout": "20s",
}


class _Pool(asyncpg.Pool):
    """asyncpg's pool with a short way for single statements."""

    async def fetch(self, query: str, *args: Any, timeout: float | None = None, **more: Any) -> Any:
        """Run a statement and return its rows."""
        holder = self._take_idle() or await self._wait_idle()
        if holder is None:
            return await super().fetch(query, *args, timeout=timeout, **more)
        connection = holder._con
        try:
            return await connection.fetch(query, *args, timeout=timeout, **more)
        finally:
            _put_back(holder, connection)

    async def fetchrow(
        self, query: str, *args: Any, timeout: float | None = None, **more: Any
    ) -> Any:
        """Run a statement and return its first row."""
        holder = self._take_idle() or await self._wait_idle()
        if holder is None:
            return await super().fetchrow(query, *args, timeout=timeout, **more)
        connection = holder._con
        try:
            return await connection.fetchrow(query, *args, timeout=timeout, **more)
        finally:
            _put_back(holder, connection)

    async def fetchval(
        self, query: str, *args: Any, column: int = 0, timeout: float | None = None
    ) -> Any:
        """Run a statement and return a value of its first row."""
        holder = self._take_idle() or await self._wait_idle()
        if holder is None:
            return await super().fetchval(query, *args, column=column, timeout=timeout)
        connection = holder._con
        try:
            return await connection.fetchval(query, *args, column=column, timeout=timeout)
        finally:
            _put_back(holder, connection)

    def _take_idle(self) -> Any:
        """Take an idle connection; None if there is none, or others wait for one."""
        inner: Any = self
        queue = inner._queue
        if queue is None or queue.empty() or queue._getters or inner._closing:
            return None
        return self._lend(queue.get_nowait())

    async def _wait_idle(self) -> Any:
        """Wait in asyncpg's own queue for a connection; None where one has to be opened first."""
        inner: Any = self
        if inner._queue is None or inner._closing:
            return None
        return self._lend(await inner._queue.get())

    def _lend(self, holder: Any) -> Any:
        inner: Any = self
        if inner._closing or not holder.is_connected():
            inner._queue.put_nowait(holder)
            return None
        # As asyncpg marks one that is lent: the pool's end waits for it.
        holder._in_use = inner._loop.create_future()
        return holder


def _put_back(holder: Any, connection: Any) -> None:
    if holder._con is not connection:
        # It broke, and asyncpg has taken the place back already.
        return
    protocol = connection._protocol
    if connection.is_closed() or protocol._is_cancelling() or protocol.queries_count >= MAX_QUERIES:
        # asyncpg waits for the end of a cancellation, or opens another connection off the path.
        task = asyncio.ensure_future(holder.release(CLOSE_TIMEOUT))
        _releasing.add(task)
        task.add_done_callback(_released)
    else:
        holder._release()


_releasing: set[asyncio.Future[None]] = set()
"""Keeps what gives connections back in the background from being collected."""


def _released(task: asyncio.Future[None]) -> None:
    _releasing.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.warning("pool.connection_lost", error=repr(task.exception()))


async def create_pool(dsn: str, *, size: int, warm: Sequence[str] = ()) -> asyncpg.Pool:
    """Open `size` connections, each with the `warm` statements prepared (20-70 ms at first use)."""

    async def prepare(connection: asyncpg.Connection) -> None:
        for statement in warm:
            # The public prepare() keeps its statement apart from the cache that fetch() reads.
            await connection._prepare(statement, use_cache=True)  # type: ignore[attr-defined]

    return await _Pool(
        dsn,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        loop=None,
        setup=None,
        min_size=size,
        max_size=size,
        max_queries=MAX_QUERIES,
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
