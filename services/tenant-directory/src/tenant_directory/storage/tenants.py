"""Tenants in PostgreSQL."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from tenant_directory.domain.tenant import Tenant
from tenant_directory.storage.rows import tenant_values, to_tenant

QUERIES = read_queries("tenant_directory.storage", "tenants")


class PostgresTenants:
    """The tenants, on one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def by_id(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant, locked."""
        query = QUERIES["find_tenant_by_id"](tenant_id=tenant_id)
        row = await self._connection.fetchrow(*query)
        return None if row is None else to_tenant(row)

    async def by_name(self, name: str) -> Tenant | None:
        """Return the tenant of that name, locked."""
        row = await self._connection.fetchrow(*QUERIES["find_tenant_by_name"](name=name))
        return None if row is None else to_tenant(row)

    async def add(self, tenant: Tenant) -> bool:
        """Add a tenant unless its name is taken."""
        query = QUERIES["add_tenant"](
            **tenant_values(tenant), name=tenant.name, created_at=tenant.created_at
        )
        return await self._connection.fetchval(*query) is not None

    async def save(self, tenant: Tenant) -> None:
        """Replace a tenant's state."""
        await self._connection.execute(*QUERIES["save_tenant"](**tenant_values(tenant)))

    async def page(self, *, after: str, limit: int) -> Sequence[Tenant]:
        """Return tenants after a name, by name."""
        query = QUERIES["page_tenants"](after=after, limit=limit)
        return [to_tenant(row) for row in await self._connection.fetch(*query)]
