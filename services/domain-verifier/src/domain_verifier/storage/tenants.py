"""The local projection of tenants."""

from uuid import UUID

import asyncpg

from chassis.database import load_queries
from domain_verifier.domain.claim import Claim
from domain_verifier.storage.rows import claim_of
from kernel.tenant import Tenant

QUERIES = load_queries("domain_verifier.storage", "tenants")
CLAIMS = load_queries("domain_verifier.storage", "claims")


def _tenant_of(row: asyncpg.Record | None) -> Tenant | None:
    return Tenant(**row) if row else None


class PostgresTenants:
    """The tenants as the directory last described them."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant by id."""
        return _tenant_of(await self._pool.fetchrow(QUERIES["find_tenant"], tenant_id))

    async def named(self, name: str) -> Tenant | None:
        """Return a tenant by name."""
        return _tenant_of(await self._pool.fetchrow(QUERIES["find_tenant_named"], name))


async def find_tenant(connection: asyncpg.Connection, tenant_id: UUID) -> Tenant | None:
    """Return a tenant as the caller's transaction sees it."""
    return _tenant_of(await connection.fetchrow(QUERIES["find_tenant"], tenant_id))


async def save_tenant(connection: asyncpg.Connection, tenant: Tenant, version: int) -> None:
    """Keep what the directory says of a tenant, in the caller's transaction."""
    await connection.execute(
        QUERIES["save_tenant"],
        tenant.tenant_id,
        tenant.name,
        tenant.package,
        tenant.status,
        version,
    )


async def forget_tenant(connection: asyncpg.Connection, tenant_id: UUID) -> list[Claim]:
    """Forget a tenant and return its live claims, locked, in the caller's transaction."""
    # The lock of new claims: one that was begun before is found below, later ones are refused.
    await connection.fetchval(CLAIMS["lock_domain"], str(tenant_id))
    await connection.execute(QUERIES["delete_tenant"], tenant_id)
    domains = await connection.fetch(QUERIES["list_live_domains"], tenant_id)
    for row in domains:
        # Always the domain before the row: the order in which checks take them.
        await connection.fetchval(CLAIMS["lock_domain"], row["domain"])
    rows = await connection.fetch(QUERIES["lock_live_claims"], tenant_id)
    return [claim_of(row) for row in rows]
