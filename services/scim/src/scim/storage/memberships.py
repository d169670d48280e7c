"""Who is in which group, by name, in PostgreSQL; asked for only where a client asks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from chassis.database import read_queries

QUERIES = read_queries("scim.storage", "memberships")


@dataclass(frozen=True, slots=True)
class PostgresMemberships:
    """The memberships of all tenants."""

    pool: asyncpg.Pool

    async def groups_of(
        self, tenant_id: UUID, users: Sequence[UUID]
    ) -> Mapping[UUID, Mapping[UUID, str]]:
        """Return the ids and names of the groups that each of the users is in."""
        found: dict[UUID, dict[UUID, str]] = defaultdict(dict)
        query = QUERIES["groups_of_users"](tenant_id=tenant_id, users=users)
        for row in await self.pool.fetch(*query):
            found[row["user_id"]][row["id"]] = row["display_name"]
        return found

    async def names_of(self, tenant_id: UUID, users: Sequence[UUID]) -> Mapping[UUID, str]:
        """Return what users are called."""
        query = QUERIES["names_of_users"](tenant_id=tenant_id, users=users)
        return {row["id"]: row["name"] for row in await self.pool.fetch(*query)}
