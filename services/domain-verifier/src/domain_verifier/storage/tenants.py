"""The local projection of tenants."""

from uuid import UUID

import asyncpg

from chassis.database import read_queries
from kernel.tenant import Tenant

QUERIES = read_queries("domain_verifier.storage", "tenants")


def _tenant_of(row: asyncpg.Record | None) -> Tenant | None:
    return Tenant(**row) if row else None


class PostgresTenants:
    """The tenants as the directory last described them."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant by id."""
        return _tenant_of(await self._pool.fetchrow(*QUERIES["find_tenant"](tenant_id=tenant_id)))

    async def find_named(self, name: str) -> Tenant | None:
        """Return a tenant by name."""
        return _tenant_of(await self._pool.fetchrow(*QUERIES["find_tenant_named"](name=name)))


async def find_tenant(connection: asyncpg.Connection, tenant_id: UUID) -> Tenant | None:
    """Return a tenant as the caller's transaction sees it."""
    return _tenant_of(await connection.fetchrow(*QUERIES["find_tenant"](tenant_id=tenant_id)))


async def save_tenant(connection: asyncpg.Connection, tenant: Tenant, version: int) -> None:
    """Keep what the directory says of a tenant, in the caller's transaction."""
    await connection.execute(
        *QUERIES["save_tenant"](
            tenant_id=tenant.tenant_id,
            name=tenant.name,
            package=tenant.package,
            status=tenant.status,
            version=version,
        )
    )


async def delete_tenant(connection: asyncpg.Connection, tenant_id: UUID) -> None:
    """Remove a tenant, in the caller's transaction."""
    await connection.execute(*QUERIES["delete_tenant"](tenant_id=tenant_id))
