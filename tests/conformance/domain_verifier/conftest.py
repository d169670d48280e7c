"""The same harness on ports in memory and in PostgreSQL."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.database import create_pool
from support.databases import DatabaseFactory
from support.dns_harness import Harness, memory_harness, postgres_harness


@pytest.fixture
async def postgres_pool(
    database: DatabaseFactory,
) -> AsyncIterator[asyncpg.Pool]:
    """Return a pool on a fresh database of the domain verifier."""
    pool = await create_pool(await database("domain-verifier"), size=8)
    yield pool
    await pool.close()


@pytest.fixture(params=["memory", "postgres"])
def harness(request: pytest.FixtureRequest) -> Harness:
    """Return the harness on each kind of ports."""
    if request.param == "memory":
        return memory_harness()
    return postgres_harness(request.getfixturevalue("postgres_pool"))
