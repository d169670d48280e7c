"""One suite, two storages: the fake in memory and the real one in PostgreSQL."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from chassis.ids import uuid7
from conformance.scim.harness import Storage, memory_storage, postgres_storage
from scim.storage.pool import open_pool
from support.databases import DatabaseFactory


@pytest.fixture(params=["memory", "postgres"])
async def storage(
    request: pytest.FixtureRequest, database: DatabaseFactory
) -> AsyncIterator[Storage]:
    if request.param == "memory":
        yield memory_storage()
        return
    pool = await open_pool(await database("scim"), size=8)
    try:
        yield postgres_storage(pool)
    finally:
        await pool.close()


@pytest.fixture
def tenant() -> UUID:
    return uuid7()
