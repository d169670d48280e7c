"""The one place where sessions end before their time.

Whatever ends them, the sessions, the logins that would become sessions, the apps that have to hear
of it, and the event that says so are of one transaction. Codes and tokens are good only while their
session is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from chassis.outbox import OutboxRecord, enqueue
from sso.domain.ending import EndedSession, Ending
from sso.storage import logout_notices

QUERIES = read_queries("sso.storage", "endings")

Outgoing = Callable[[Sequence[EndedSession], Ending], Sequence[OutboxRecord]]
"""Makes the events."""


@dataclass(frozen=True, slots=True)
class Endings:
    """Ends sessions inside the caller's open transaction; each returns how many ended."""

    outgoing: Outgoing

    async def of_user(
        self, database: asyncpg.Connection, tenant_id: UUID, user_id: UUID, ending: Ending
    ) -> int:
        """End all of a user, and the logins by which that user has come back already."""
        found = {"tenant_id": tenant_id, "user_id": user_id}
        ended = await self._end(database, "end_sessions_of_user", ending, **found)
        await database.execute(*QUERIES["delete_logins_of_user"](**found))
        return ended

    async def of_session(
        self, database: asyncpg.Connection, tenant_id: UUID, session_id: UUID, ending: Ending
    ) -> int:
        """End one; logins on their way are others."""
        found = {"tenant_id": tenant_id, "session_id": session_id}
        return await self._end(database, "end_session", ending, **found)

    async def of_connection(
        self, database: asyncpg.Connection, tenant_id: UUID, connection_id: UUID, ending: Ending
    ) -> int:
        """End all that came by a connection, and the logins on their way through it."""
        found = {"tenant_id": tenant_id, "connection_id": connection_id}
        ended = await self._end(database, "end_sessions_of_connection", ending, **found)
        await database.execute(*QUERIES["delete_logins_of_connection"](**found))
        return ended

    async def of_name_id(
        self,
        database: asyncpg.Connection,
        tenant_id: UUID,
        connection_id: UUID,
        *,
        name_id: str,
        session_indexes: Sequence[str],
        ending: Ending,
    ) -> int:
        """End those of somebody as an identity provider names them, and the logins of the same."""
        found: dict[str, Any] = {
            "tenant_id": tenant_id,
            "connection_id": connection_id,
            "name_id": name_id,
            "session_indexes": list(session_indexes),
        }
        ended = await self._end(database, "end_sessions_of_name_id", ending, **found)
        for query in ("delete_logins_of_name_id", "delete_waiting_logins_of_name_id"):
            await database.execute(*QUERIES[query](**found))
        return ended

    async def of_tenant(self, database: asyncpg.Connection, tenant_id: UUID, ending: Ending) -> int:
        """End all of a tenant, and its logins on their way."""
        ended = await self._end(database, "end_sessions_of_tenant", ending, tenant_id=tenant_id)
        await database.execute(*QUERIES["delete_logins_of_tenant"](tenant_id=tenant_id))
        return ended

    async def of_client(self, database: asyncpg.Connection, client_id: str, ending: Ending) -> int:
        """End all that an app was let into, whichever tenant's, and the logins on their way to it.

        Somebody's other apps end with it: who must be out of one app cannot be left a session that
        gets new tokens for it without being asked.
        """
        ended = await self._end(database, "end_sessions_of_client", ending, client_id=client_id)
        await database.execute(*QUERIES["delete_logins_of_client"](client_id=client_id))
        return ended

    async def _end(
        self, database: asyncpg.Connection, query: str, ending: Ending, **found: Any
    ) -> int:
        rows = await database.fetch(
            *QUERIES[query](now=ending.at, because=ending.reason.value, **found)
        )
        ended = [EndedSession(row["tenant_id"], row["id"], row["user_id"]) for row in rows]
        await logout_notices.note(database, ended, ending.at)
        await enqueue(database, self.outgoing(ended, ending))
        return len(ended)
