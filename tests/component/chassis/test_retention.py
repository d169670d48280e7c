"""What is old goes: sent events, versions of deleted keys, events on topics; and nothing sooner."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest
import structlog
from prometheus_client import REGISTRY

from chassis.bus.topics import create_topics, kept_for
from chassis.database import create_pool
from chassis.ids import uuid7
from chassis.inbox import DeletedVersions
from chassis.inbox.deleted_versions import FORGOTTEN_AT_ONCE
from chassis.service.retention import Retention
from contracts.topics import TOPICS
from support.databases import DatabaseFactory
from support.kafka_accounts import guarded_kafka
from support.waiting import eventually

INSERT = """
    INSERT INTO inbox_versions (tenant_id, consumer_group, topic, subject, version, deleted,
                                deleted_at)
    SELECT $1, 'g', 't', n::text, n, $2, CASE WHEN $2 THEN now() - make_interval(days => $3) END
    FROM generate_series($4::bigint, $5::bigint) AS n
"""


async def test_versions_of_keys_deleted_long_ago_are_forgotten(database: DatabaseFactory) -> None:
    tenant_id, many = uuid7(), FORGOTTEN_AT_ONCE + 10
    async with await create_pool(await database("chassis"), size=2) as pool:
        await pool.execute(INSERT, tenant_id, True, 31, 1, many)
        await pool.execute(INSERT, tenant_id, True, 29, many + 1, many + 5)
        await pool.execute(INSERT, tenant_id, False, 99, many + 6, many + 9)
        versions = DeletedVersions(pool, timedelta(days=30))
        assert await versions.forget() == many
        assert await versions.forget() == 0
        left = await pool.fetch("SELECT version FROM inbox_versions ORDER BY version")
    assert [row["version"] for row in left] == list(range(many + 1, many + 10))


async def test_a_failure_is_loud_and_the_next_time_does_it() -> None:
    outcomes: list[int | Exception] = [asyncpg.LockNotAvailableError("busy"), 3, 0]
    tried = 0

    async def remove() -> int:
        nonlocal tried
        tried += 1
        outcome = outcomes.pop(0) if outcomes else 0
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with structlog.testing.capture_logs() as logs:
        running = asyncio.ensure_future(Retention("tries", remove, seconds=0).run())
        await eventually(lambda: tried >= 4)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert [(each["event"], each["log_level"]) for each in logs] == [
        ("retention.failed", "error"),
        ("retention.removed", "info"),
    ]
    assert REGISTRY.get_sample_value("retention_removed_total", {"kind": "tries"}) == 3
    done = REGISTRY.get_sample_value("retention_done_timestamp_seconds", {"kind": "tries"})
    assert done is not None
    assert done > 1_700_000_000


async def test_events_are_kept_for_ever_unless_days_are_given() -> None:
    assert kept_for(0) == list(TOPICS.values())
    kept = {topic.name: topic.config() for topic in kept_for(90)}
    for name, topic in TOPICS.items():
        days = 90 * 86_400_000 if topic.kind == "event" else -1
        assert kept[name]["retention.ms"] == str(days)
        assert kept[name]["cleanup.policy"] == topic.config()["cleanup.policy"]


async def test_topics_take_the_days_when_they_are_made(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with guarded_kafka(tmp_path_factory.mktemp("kafka"), kept_for(90)) as kafka:
        assert await create_topics(kafka.local, kept_for(90)) == []
