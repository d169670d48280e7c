"""The test databases themselves: migrated, apart from one another, gone afterwards."""

import asyncpg
import pytest

from support.databases import DatabaseFactory, Databases


@pytest.mark.parametrize("service", ["scim", "tenant-directory"])
async def test_a_database_has_the_services_schema(postgres: str, service: str) -> None:
    databases = Databases(postgres)
    connection = await asyncpg.connect(await databases.create(service))
    outbox = await connection.fetchval("SELECT to_regclass('outbox')::text")
    await connection.close()
    await databases.drop_all()

    assert outbox == "outbox"


async def test_two_databases_of_a_service_share_nothing(
    database: DatabaseFactory,
) -> None:
    first = await asyncpg.connect(await database("chassis"))
    second = await asyncpg.connect(await database("chassis"))
    await first.execute("CREATE TABLE seen_by_the_first (id int)")

    found = await second.fetchval("SELECT to_regclass('seen_by_the_first')::text")
    await first.close()
    await second.close()

    assert found is None


async def test_databases_are_dropped_even_when_in_use(postgres: str) -> None:
    databases = Databases(postgres)
    left_open = await asyncpg.connect(await databases.create(None))
    name = await left_open.fetchval("SELECT current_database()")
    await databases.drop_all()

    admin = await asyncpg.connect(postgres)
    found = await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name)
    await admin.close()
    left_open.terminate()

    assert found is None
