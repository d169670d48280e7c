"""The relay's hold on its buckets: advisory locks of one pinned PostgreSQL session.

Only the session that holds a bucket can number its events, because numbering runs on that very
session. The server ends a session that falls silent for a few seconds, so a relay that is stopped
or cut off loses its buckets and another one takes over. Nothing large is read here: a server that
waits for a stopped client to take its answer would keep the locks.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import asyncpg

from chassis.database import connect, disconnect, read_queries
from chassis.outbox.signal import CHANNEL
from chassis.retry import every

LOCK_CLASS = 0x706F7274
BUCKETS = 64
BATCH_BYTES = 16_000_000

PLANNING = {"enable_sort": "off", "enable_bitmapscan": "off"}
"""The table is empty now and has thousands of rows in a moment, whatever its statistics say: what
is next is read from the index that has that order, and never sorted out of all that waits."""

QUERIES = read_queries("chassis.outbox", "relay")


class RelaySession:
    """A pinned connection, the buckets it holds, and the heartbeat that keeps it."""

    def __init__(self, connection: asyncpg.Connection, silence: float) -> None:
        """Take over a connection; `open` is the way to make a session."""
        self.owned: set[int] = set()
        self._connection = connection
        self._silence = silence
        self._lock = asyncio.Lock()
        self._last_reply = time.monotonic()
        self._beating = asyncio.create_task(self._beat())

    @classmethod
    async def open(cls, dsn: str, *, silence: float, wake: Callable[[], None]) -> "RelaySession":
        """Connect and listen; `silence` is how long the server lets the session be quiet."""
        connection = await connect(
            dsn,
            application_name="relay",
            idle_session_timeout=f"{int(silence * 1000)}ms",
            **PLANNING,
        )
        try:
            await connection.add_listener(CHANNEL, lambda *_: wake())
        except BaseException:
            await disconnect(connection)
            raise
        return cls(connection, silence)

    def holds_buckets(self) -> bool:
        """Return whether the buckets were certainly still held a moment ago."""
        since = time.monotonic() - self._last_reply
        return not self._connection.is_closed() and since < self._silence * 0.8

    async def take_buckets(self) -> bool:
        """Try to get the buckets that this session has not; return whether it got any."""
        missing = [bucket for bucket in range(BUCKETS) if bucket not in self.owned]
        if not missing:
            return False
        rows = await self._fetch("take_buckets", lock_class=LOCK_CLASS, buckets=missing)
        self.owned.update(row["bucket"] for row in rows)
        return bool(rows)

    async def assign_sequences(self, limit: int) -> list[int]:
        """Number the oldest events of each tenant, in turn, and return their ids; committed."""
        rows = await self._fetch(
            "assign_sequences",
            buckets=list(self.owned),
            limit=limit,
            max_bytes=BATCH_BYTES,
        )
        return [row["id"] for row in rows]

    async def find_numbered(self) -> list[int]:
        """Return the ids of events that are numbered but not marked as sent."""
        rows = await self._fetch("find_numbered", buckets=list(self.owned))
        return [row["id"] for row in rows]

    async def close(self) -> None:
        """Give the buckets back."""
        self._beating.cancel()
        try:
            # Not `await self._beating` without its CancelledError: that may be our caller's own.
            await asyncio.gather(self._beating, return_exceptions=True)
        finally:
            await disconnect(self._connection)

    async def _fetch(self, query: str, **values: Any) -> list[asyncpg.Record]:
        async with self._lock:
            asked = time.monotonic()
            rows = await self._connection.fetch(*QUERIES[query](**values))
            self._last_reply = asked
            return rows

    async def _beat(self) -> None:
        async for _ in every(self._silence / 5):
            async with self._lock:
                asked = time.monotonic()
                await self._connection.execute("SELECT 1")
                self._last_reply = asked
