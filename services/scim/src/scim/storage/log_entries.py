"""The provisioning log in PostgreSQL; ids rise with time, so the primary key does everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from chassis.database import read_queries
from chassis.loops import beat
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import Unstorable

QUERIES = read_queries("scim.storage", "provisioning_log")
PRUNED_AT_ONCE = 10_000

# A value, not the database: the driver's own refusals and text that is no Unicode are ValueErrors.
_ROW_AT_FAULT = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    ValueError,
    orjson.JSONEncodeError,
)


@dataclass(frozen=True, slots=True)
class PostgresLogEntries:
    """The provisioning log of all tenants."""

    pool: asyncpg.Pool

    async def add(self, entries: Sequence[LogEntry]) -> None:
        """Store many rows with one statement."""
        if not entries:
            return
        try:
            await self._insert(entries)
        except _ROW_AT_FAULT as error:
            raise Unstorable(repr(error)) from error

    async def _insert(self, entries: Sequence[LogEntry]) -> None:
        # The driver takes twice as long for a dozen arrays as all the rest of a logged read takes.
        rows = orjson.dumps(list(entries), default=str)
        await self.pool.execute(*QUERIES["insert_entries"](entries=rows))

    async def newest(
        self, tenant_id: UUID, *, since: datetime, errors: bool, limit: int
    ) -> Sequence[LogEntry]:
        """Return a tenant's newest rows since a moment, the oldest first."""
        query = QUERIES["list_entries"](
            tenant_id=tenant_id, first_id=_first_id(since), errors=errors, limit=limit
        )
        rows = await self.pool.fetch(*query)
        return [
            LogEntry(
                **{**dict(row), "dropped": tuple(row["dropped"] or ())},
                tenant_id=tenant_id,
                logged=True,
            )
            for row in rows
        ]

    async def prune(self, before: datetime) -> int:
        """Delete the rows before a moment, some thousands at a time, and return how many."""
        pruned = 0
        for row in await self.pool.fetch(*QUERIES["list_logged_tenants"]()):
            while count := await self._prune_some(row["tenant_id"], before):
                pruned += count
        return pruned

    async def _prune_some(self, tenant_id: UUID, before: datetime) -> int:
        query = QUERIES["prune_entries"](
            tenant_id=tenant_id, before_id=_first_id(before), limit=PRUNED_AT_ONCE
        )
        tag = await self.pool.execute(*query)
        beat()
        return int(tag.rpartition(" ")[2])


def _first_id(moment: datetime) -> UUID:
    """Return the lowest id (UUID version 7) that could have been made at a moment."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return UUID(int=milliseconds << 80)
