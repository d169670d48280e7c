"""What people have let apps know, in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import read_queries

QUERIES = read_queries("sso.storage", "consents")


@dataclass(frozen=True, slots=True)
class PostgresConsents:
    """The answers of the people of all tenants."""

    pool: asyncpg.Pool

    async def find(self, tenant_id: UUID, user_id: UUID, client_id: str) -> frozenset[str]:
        """Return the scopes that a person has given an app."""
        found = await self.pool.fetchval(
            *QUERIES["find_consent"](tenant_id=tenant_id, user_id=user_id, client_id=client_id)
        )
        return frozenset(found or ())

    async def give(
        self, tenant_id: UUID, user_id: UUID, client_id: str, scope: frozenset[str], at: datetime
    ) -> None:
        """Remember what a person has given an app, in place of what was given before."""
        await self.pool.execute(
            *QUERIES["save_consent"](
                tenant_id=tenant_id,
                user_id=user_id,
                client_id=client_id,
                scopes=sorted(scope),
                given_at=at,
            )
        )
