"""Families of refresh tokens in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from chassis.database import read_queries, transaction
from sso.domain.refresh import REMEMBERED, Family
from sso.storage import rows

QUERIES = read_queries("sso.storage", "families")
SEEN_EVERY = timedelta(minutes=5)

MAX_FAMILIES = 20
"""Of a session and app: an app that lets people in silently, again and again, keeps its newest."""


@dataclass(frozen=True, slots=True)
class PostgresFamilies:
    """The families of all sessions."""

    pool: asyncpg.Pool

    async def add(self, family: Family, digest: bytes, at: datetime) -> None:
        """Store a new one; its session is kept for as long as it is good."""
        await self.pool.execute(
            *QUERIES["insert_family"](
                tenant_id=family.session.tenant_id,
                digest=digest,
                session_id=family.session.id,
                client_id=family.client_id,
                scope=family.scope,
                salt=family.salt,
                now=at,
                expires_at=family.expires_at,
                others=MAX_FAMILIES - 1,
            )
        )

    async def find(self, digest: bytes, at: datetime) -> Family | None:
        """Return one; None if there is none, it is over, or its session is."""
        row = await self.pool.fetchrow(*QUERIES["find_family"](digest=digest, now=at))
        if row is None:
            return None
        await self._see(row, at)
        return Family(
            session=rows.session(row),
            user=rows.user(row),
            client_id=row["client_id"],
            scope=row["scope"],
            salt=row["salt"],
            expires_at=row["good_until"],
            generation=row["generation"],
            begun_at=tuple(row["begun_at"]),
        )

    async def _see(self, row: rows.Row, at: datetime) -> None:
        if row["expires_at"] < min(row["ends_at"], at + row["idle"] - SEEN_EVERY):
            query = QUERIES["see_session"](
                tenant_id=row["tenant_id"], session_id=row["session_id"], now=at
            )
            await self.pool.execute(*query)

    async def rotate(self, tenant_id: UUID, digest: bytes, generation: int, at: datetime) -> bool:
        """Begin the generation after one; False if that has begun already."""
        begun = await self.pool.fetchval(
            *QUERIES["begin_generation"](
                tenant_id=tenant_id,
                digest=digest,
                generation=generation,
                now=at,
                remembered=REMEMBERED,
            )
        )
        return begun is not None

    async def revoke(self, tenant_id: UUID, session_id: UUID, client_id: str, before: UUID) -> None:
        """Forget an app's families of a session, and refuse its access tokens with lower ids."""
        found = {"tenant_id": tenant_id, "session_id": session_id, "client_id": client_id}
        async with transaction(self.pool) as database:
            await database.execute(*QUERIES["delete_families"](**found))
            await database.execute(*QUERIES["revoke_access"](before=before, **found))
