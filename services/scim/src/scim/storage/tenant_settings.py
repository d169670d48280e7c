"""What operators set for single tenants, in PostgreSQL."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from chassis.database import read_queries

QUERIES = read_queries("scim.storage", "tenant_settings")


@dataclass(frozen=True, slots=True)
class PostgresTenantSettings:
    """The settings of all tenants; they are read together with a token."""

    pool: asyncpg.Pool

    async def save(self, tenant_id: UUID, *, strict: bool) -> None:
        """Keep how the tenant's client is read."""
        query = QUERIES["save_tenant_settings"](tenant_id=tenant_id, strict=strict)
        await self.pool.execute(*query)
