"""The relay's reading and marking of outbox rows, on a connection of its own.

Marks need not survive a crash of the server (the event is then sent again), so they are committed
without waiting for the disk. Numbers must; `chassis.outbox.session` gives those.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import structlog

from chassis.database import connect, disconnect, read_queries

PRUNE_BATCH = 2_000

QUERIES = read_queries("chassis.outbox", "relay")

_log = structlog.get_logger(__name__)


class RelayStore:
    """Outbox rows as the relay uses them."""

    def __init__(self, connection: asyncpg.Connection, retry_blocked: timedelta) -> None:
        """Work on a connection that belongs to nobody else."""
        self._connection = connection
        self._retry_blocked = retry_blocked

    @classmethod
    @asynccontextmanager
    async def open(cls, dsn: str, retry_blocked: timedelta) -> AsyncIterator["RelayStore"]:
        """Connect for the length of a block."""
        connection = await connect(dsn, application_name="relay-marks", synchronous_commit="off")
        try:
            yield cls(connection, retry_blocked)
        finally:
            await disconnect(connection)

    async def read(self, ids: Sequence[int]) -> list[asyncpg.Record]:
        """Return numbered rows in the order of each tenant and topic."""
        return await self._connection.fetch(*QUERIES["read_events"](ids=ids))

    async def mark_sent(self, ids: Sequence[int]) -> None:
        """Mark rows that the broker has for good."""
        await self._connection.execute(*QUERIES["mark_sent"](ids=ids))

    async def block(self, refused: Mapping[int, str]) -> None:
        """Hold back the tenants whose next event can never be sent, and say so loudly."""
        for outbox_id, reason in refused.items():
            await self._connection.execute(
                *QUERIES["block_tenant"](
                    id=outbox_id, reason=reason, retry_after=self._retry_blocked
                )
            )
            _log.error("outbox.tenant_blocked", outbox_id=outbox_id, reason=reason)

    async def unblock(self) -> None:
        """Let tenants flow again whose blocking event has been sent after all."""
        for row in await self._connection.fetch(*QUERIES["unblock_tenants"]()):
            _log.info(
                "outbox.tenant_unblocked", tenant_id=str(row["tenant_id"]), topic=row["topic"]
            )

    async def resend_newest(self, ids: Sequence[int]) -> None:
        """Have the newest state of these rows' keys sent again.

        A compacted log keeps the last record of a key; a late send must not be it.
        """
        await self._connection.execute(*QUERIES["resend_newest"](ids=ids))

    async def prune(self, keep: timedelta) -> bool:
        """Delete some long sent rows; return whether there may be more."""
        done = await self._connection.execute(*QUERIES["prune_sent"](keep=keep, limit=PRUNE_BATCH))
        return done == f"DELETE {PRUNE_BATCH}"
