"""Single logout in PostgreSQL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.clock import Clock
from chassis.database import read_queries, transaction
from sso.domain.connection import Connection
from sso.domain.ending import Ending, Reason
from sso.domain.single_logout import SessionSubject
from sso.storage.endings import Endings

QUERIES = read_queries("sso.storage", "single_logout")
PRUNED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class PostgresSingleLogouts:
    """What single logout ends and remembers, of all tenants."""

    pool: asyncpg.Pool
    clock: Clock
    endings: Endings
    committed: Callable[[], None]

    async def end(
        self,
        connection: Connection,
        message_id: str,
        remember_until: datetime,
        *,
        name_id: str,
        session_indexes: Sequence[str],
        at: datetime,
    ) -> int | None:
        """End the sessions that a request names, once; None if it was taken before."""
        async with transaction(self.pool) as database:
            query = QUERIES["take_logout_request"](
                **_of(connection), request_id=f"logout {message_id}", expires_at=remember_until
            )
            if await database.fetchval(*query) is None:
                return None
            ended = await self.endings.of_name_id(
                database,
                connection.tenant_id,
                connection.id,
                name_id=name_id,
                session_indexes=session_indexes,
                ending=Ending(Reason.LOGOUT, at),
            )
        self.committed()
        return ended

    async def subject_of(
        self, tenant_id: UUID, session_id: UUID
    ) -> tuple[UUID, SessionSubject] | None:
        """Return by which connection a session came, and as whom; None if it has no name."""
        query = QUERIES["find_session_subject"](tenant_id=tenant_id, session_id=session_id)
        row = await self.pool.fetchrow(*query)
        if row is None or row["name_id"] is None:
            return None
        return row["connection_id"], SessionSubject(
            row["name_id"], row["name_id_format"], row["session_index"]
        )

    async def begin(
        self, connection: Connection, request_id: str, return_to: str | None, until: datetime
    ) -> None:
        """Remember that a browser has left to be signed out."""
        query = QUERIES["insert_logout"](
            **_of(connection), request_id=request_id, return_to=return_to, expires_at=until
        )
        await self.pool.execute(*query)

    async def complete(
        self, connection: Connection, request_id: str, at: datetime
    ) -> tuple[str | None] | None:
        """Return where a browser that comes back goes on to, once; None if nobody has left."""
        query = QUERIES["complete_logout"](**_of(connection), request_id=request_id, now=at)
        row = await self.pool.fetchrow(*query)
        return None if row is None else (row["return_to"],)

    async def prune(self) -> int:
        """Forget browsers that never came back."""
        query = QUERIES["prune_logouts"](before=self.clock.now(), limit=PRUNED_AT_ONCE)
        done = await self.pool.execute(*query)
        return int(done.rpartition(" ")[2])


def _of(connection: Connection) -> dict[str, Any]:
    return {"tenant_id": connection.tenant_id, "connection_id": connection.id}
