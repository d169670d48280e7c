"""One suite, two directories: the fake in memory and the real one in PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from chassis.database import create_pool
from conformance.tenant_directory.harness import Harness, memory_harness, postgres_harness
from support.databases import DatabaseFactory


@pytest.fixture(params=["memory", "postgres"])
async def directory(
    request: pytest.FixtureRequest, database: DatabaseFactory
) -> AsyncIterator[Harness]:
    if request.param == "memory":
        yield memory_harness()
        return
    pool = await create_pool(await database("tenant-directory"), size=4)
    try:
        yield postgres_harness(pool)
    finally:
        await pool.close()
