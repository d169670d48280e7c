"""The directory on a real database."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.database import create_pool
from conformance.tenant_directory.harness import Harness, postgres_harness
from support.databases import DatabaseFactory


@pytest.fixture
async def dsn(database: DatabaseFactory) -> str:
    return await database("tenant-directory")


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await create_pool(dsn, size=4)
    yield pool
    await pool.close()


@pytest.fixture
def directory(pool: asyncpg.Pool) -> Harness:
    return postgres_harness(pool)
