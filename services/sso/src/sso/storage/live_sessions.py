"""Sessions that are not over, in PostgreSQL, as operators list and end them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.database import read_queries, transaction
from sso.domain.ending import Ending, Reason
from sso.storage import rows
from sso.storage.endings import Endings
from sso.usecases.session_ports import LiveSession, Selection, Whose

QUERIES = read_queries("sso.storage", "live_sessions")


@dataclass(frozen=True, slots=True)
class PostgresLiveSessions:
    """The sessions of all tenants."""

    pool: asyncpg.Pool
    endings: Endings
    committed: Callable[[], None]

    async def list(
        self, selection: Selection, *, before: UUID, limit: int, at: datetime
    ) -> Sequence[LiveSession]:
        """Return so many with ids below one, the newest first."""
        values: dict[str, Any] = {"before": before, "limit": limit, "now": at}
        if selection.whose is not Whose.CLIENT:
            values["tenant_id"] = selection.tenant_id
        if selection.whose is not Whose.TENANT:
            values["subject"] = selection.subject
        query = QUERIES[f"list_sessions_of_{selection.whose.value}"](**values)
        return [
            LiveSession(rows.session(row), row["user_name"], row["client_ids"])
            for row in await self.pool.fetch(*query)
        ]

    async def end(self, selection: Selection, reason: Reason, at: datetime) -> int:
        """End them in one transaction, and return how many that were."""
        async with transaction(self.pool) as database:
            ended = await self._end(database, selection, Ending(reason, at))
        self.committed()
        return ended

    async def _end(self, database: asyncpg.Connection, selection: Selection, ending: Ending) -> int:
        match selection:
            case Selection(Whose.CLIENT, None, str() as client_id):
                return await self.endings.of_client(database, client_id, ending)
            case Selection(Whose.TENANT, UUID() as tenant_id, None):
                return await self.endings.of_tenant(database, tenant_id, ending)
            case Selection(Whose.USER, UUID() as tenant_id, UUID() as user_id):
                return await self.endings.of_user(database, tenant_id, user_id, ending)
            case Selection(Whose.SESSION, UUID() as tenant_id, UUID() as session_id):
                return await self.endings.of_session(database, tenant_id, session_id, ending)
            case Selection(Whose.CONNECTION, UUID() as tenant_id, UUID() as connection_id):
                return await self.endings.of_connection(database, tenant_id, connection_id, ending)
        raise ValueError(f"{selection} selects nothing")
