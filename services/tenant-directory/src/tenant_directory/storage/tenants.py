"""Tenants in PostgreSQL."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from chassis.database import load_queries
from tenant_directory.domain.tenant import Tenant
from tenant_directory.storage.rows import to_tenant

QUERIES = load_queries("tenant_directory.storage", "tenants")


class PostgresTenants:
    """The tenants, on one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def by_id(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant, locked."""
        row = await self._connection.fetchrow(QUERIES["find_tenant_by_id"], tenant_id)
        return None if row is None else to_tenant(row)

    async def by_name(self, name: str) -> Tenant | None:
        """Return the tenant of that name, locked."""
        row = await self._connection.fetchrow(QUERIES["find_tenant_by_name"], name)
        return None if row is None else to_tenant(row)

    async def add(self, tenant: Tenant) -> bool:
        """Add a tenant unless its name is taken."""
        added = await self._connection.fetchval(
            QUERIES["add_tenant"],
            tenant.tenant_id,
            tenant.name,
            tenant.package,
            tenant.status,
            tenant.default_role,
            tenant.invitations_enabled,
            tenant.version,
            tenant.created_at,
            tenant.updated_at,
        )
        return added is not None

    async def save(self, tenant: Tenant) -> None:
        """Replace a tenant's state."""
        await self._connection.execute(
            QUERIES["save_tenant"],
            tenant.tenant_id,
            tenant.package,
            tenant.status,
            tenant.default_role,
            tenant.invitations_enabled,
            tenant.version,
            tenant.updated_at,
        )

    async def page(self, *, after: str, limit: int) -> Sequence[Tenant]:
        """Return tenants after a name, by name."""
        rows = await self._connection.fetch(QUERIES["page_tenants"], after, limit)
        return [to_tenant(row) for row in rows]
