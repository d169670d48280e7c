"""How many users and groups tenants have, by ranges of ids, in PostgreSQL.

Triggers count; here the rows of many connections are folded, and large ranges divided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from chassis.database import read_queries, transaction
from chassis.loops import beat

QUERIES = read_queries("scim.storage", "listing_counts")
RANGE_SIZE = 2_000
"""Resources in a range that was made; it is divided when it has twice as many."""
MOST_PIECES = 64
"""Rows that connections may have counted in before they are folded."""


@dataclass(frozen=True, slots=True)
class PostgresListingCounts:
    """The counts of all tenants."""

    pool: asyncpg.Pool
    range_size: int = RANGE_SIZE
    most_pieces: int = MOST_PIECES

    async def uneven(self) -> Sequence[tuple[UUID, str]]:
        """Return the tenants, and the kinds of resources, whose counts should be evened out."""
        query = QUERIES["list_uneven_counts"](most_pieces=self.most_pieces, size=self.range_size)
        return [(row["tenant_id"], row["kind"]) for row in await self.pool.fetch(*query)]

    async def even_out(self, tenant_id: UUID, kind: str) -> bool:
        """Fold and divide the counts of a tenant; False while somebody is writing."""
        beat()
        async with transaction(self.pool) as connection:
            if not await connection.fetchval(*QUERIES["lock_counts"](tenant_id=tenant_id)):
                return False
            await connection.execute(
                *QUERIES["even_out_counts"](tenant_id=tenant_id, kind=kind, size=self.range_size)
            )
            return True
