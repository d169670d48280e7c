"""The table of tenants on fresh databases, and on those that had one of their own before."""

import asyncpg
import pytest

from chassis.database import migrate, migration_directories, pending_migrations
from chassis.ids import uuid7
from chassis.projection import KnownTenants
from chassis.projection.tenants import save_tenant
from kernel.tenant import Tenant
from support.databases import DatabaseFactory

OLD_ROWS = {
    "scim": (
        "INSERT INTO tenants (tenant_id, name, package, status) "
        "VALUES ($1, 'acme', 'smb', 'active')",
        0,
    ),
    "domain_verifier": (
        "INSERT INTO tenants (tenant_id, name, package, status, version) "
        "VALUES ($1, 'acme', 'smb', 'active', 7)",
        7,
    ),
}


@pytest.mark.parametrize("package", OLD_ROWS)
async def test_a_filled_table_of_before_keeps_its_rows(
    database: DatabaseFactory, package: str
) -> None:
    dsn, tenant_id = await database(None), uuid7()
    before, insert = migration_directories(package)[:2], OLD_ROWS[package][0]
    await migrate(dsn, *before)
    connection = await asyncpg.connect(dsn)
    await connection.execute(insert, tenant_id)
    assert await pending_migrations(dsn, *migration_directories(package)) == ["2001_tenants.sql"]

    await migrate(dsn, *migration_directories(package))

    assert await pending_migrations(dsn, *migration_directories(package)) == []
    old = Tenant(tenant_id, "acme", "smb", "active")
    assert await KnownTenants(connection).find_named("Acme") == old
    version = OLD_ROWS[package][1]
    assert await connection.fetchval("SELECT version FROM tenants") == version
    new = Tenant(tenant_id, "acme-gmbh", "free", "suspended")
    await save_tenant(connection, new, version)
    assert await KnownTenants(connection).find(tenant_id) == old
    await save_tenant(connection, new, version + 1)
    assert await KnownTenants(connection).find(tenant_id) == new
    # A replica of the release before goes on until it is replaced.
    await connection.execute(insert, uuid7())
    await connection.close()


async def test_every_way_to_the_table_ends_in_the_same_one(database: DatabaseFactory) -> None:
    shapes = set()
    for service in ("projections", "scim", "domain-verifier"):
        connection = await asyncpg.connect(await database(service))
        columns = await connection.fetch(
            "SELECT column_name, data_type, is_nullable, column_default "
            "FROM information_schema.columns WHERE table_name = 'tenants' ORDER BY ordinal_position"
        )
        indexes = await connection.fetch(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'tenants' ORDER BY indexdef"
        )
        shapes.add((tuple(map(tuple, columns)), tuple(map(tuple, indexes))))
        await connection.close()

    assert len(shapes) == 1
