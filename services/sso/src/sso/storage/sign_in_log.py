"""The sign-in log in PostgreSQL, as operators read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from sso.usecases.ports import LogRow

QUERIES = read_queries("sso.storage", "sign_in_log")


@dataclass(frozen=True, slots=True)
class PostgresSignInLog:
    """The log of all tenants."""

    pool: asyncpg.Pool

    async def read(
        self,
        tenant_id: UUID,
        *,
        before: UUID,
        limit: int,
        outcome: str | None = None,
        user_id: UUID | None = None,
    ) -> Sequence[LogRow]:
        """Return so many of a tenant's rows with ids below one, the newest first."""
        page = {"tenant_id": tenant_id, "before": before, "limit": limit}
        if outcome is None and user_id is None:
            query = QUERIES["read_log"](**page)
        else:
            query = QUERIES["search_log"](**page, outcome=outcome, user_id=user_id)
        return [LogRow(**row) for row in await self.pool.fetch(*query)]
