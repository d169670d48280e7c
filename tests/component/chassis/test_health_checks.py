"""The readiness checks against a real database and a real broker."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.database import create_pool
from chassis.observe import Check, NotReady
from chassis.service.readiness import broker_checks, database_checks
from contracts.topics import TOPICS
from support.databases import DatabaseFactory


async def run(checks: list[Check], name: str) -> None:
    [check] = [one for one in checks if one.name == name]
    await check.probe()


class TestDatabase:
    @pytest.fixture
    async def empty(self, database: DatabaseFactory) -> str:
        return await database(None)

    @pytest.fixture
    async def pool(self, empty: str) -> AsyncIterator[asyncpg.Pool]:
        pool = await create_pool(empty, size=1)
        yield pool
        pool.terminate()

    async def test_a_database_that_answers(self, pool: asyncpg.Pool, empty: str) -> None:
        await run(database_checks(pool, empty, "scim"), "database")

    async def test_a_database_that_is_gone(self, pool: asyncpg.Pool, empty: str) -> None:
        await pool.close()

        with pytest.raises(asyncpg.InterfaceError):
            await run(database_checks(pool, empty, "scim"), "database")

    async def test_missing_migrations_are_named(self, pool: asyncpg.Pool, empty: str) -> None:
        with pytest.raises(NotReady, match=r"not applied: 0001_outbox\.sql, .*1001_"):
            await run(database_checks(pool, empty, "scim"), "migrations")

    async def test_a_migrated_database(self, database: DatabaseFactory) -> None:
        dsn = await database("scim")
        pool = await create_pool(dsn, size=1)

        await run(database_checks(pool, dsn, "scim"), "migrations")
        pool.terminate()


class TestBroker:
    async def test_a_broker_with_every_topic(self, kafka: str) -> None:
        checks = broker_checks(kafka, list(TOPICS), essential=True)

        await run(checks, "broker")
        await run(checks, "topics")

    async def test_missing_topics_are_named(self, kafka: str) -> None:
        with pytest.raises(NotReady, match="missing: no-such-topic"):
            await run(
                broker_checks(kafka, ["scim-events", "no-such-topic"], essential=True), "topics"
            )

    async def test_a_broker_that_is_away(self) -> None:
        checks = broker_checks("127.0.0.1:1", [], essential=False)

        assert not any(check.essential for check in checks)
        with pytest.raises(NotReady, match="does not answer"):
            await run(checks, "broker")
