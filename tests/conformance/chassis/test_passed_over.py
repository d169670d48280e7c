"""States that change nothing here are passed over: without a transaction, and without a loss."""

from functools import partial
from uuid import UUID

import orjson
import pytest

from chassis.bus import ReceivedRecord, partition_of
from chassis.ids import uuid7
from chassis.inbox import Subscription, partition
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS
from support.bus import Bus, raw, running, user_state
from support.waiting import eventually

PASSED = frozenset({"v2", "v4"})


def of_others(record: ReceivedRecord) -> bool:
    return orjson.loads(record.value or b"{}").get("user_name") in PASSED


async def _send(bus: Bus, tenant_id: UUID, user_id: UUID, *versions: int) -> None:
    await bus.send(*(raw(user_state(tenant_id, user_id, version), version) for version in versions))


async def _versions(bus: Bus, tenant_id: UUID, *expected: int) -> bool:
    rows = await bus.consumer.fetch(
        "SELECT version FROM effects WHERE tenant_id = $1 ORDER BY position", tenant_id
    )
    assert [row["version"] for row in rows] == list(expected)
    return True


async def _offset(bus: Bus, tenant_id: UUID) -> int:
    number = partition_of(tenant_id, DIRECTORY_USERS.partitions)
    offset: int = await bus.consumer.fetchval(
        "SELECT next_offset FROM consumer_offsets"
        " WHERE consumer_group = $1 AND topic = $2 AND partition = $3",
        bus.group,
        DIRECTORY_USERS.name,
        number,
    )
    return offset


async def test_what_is_passed_over_changes_nothing_and_loses_nothing(bus: Bus) -> None:
    tenant_id, user_id = uuid7(), uuid7()
    async with running(bus.reader(topics=[DIRECTORY_USERS], passes_over=of_others).run):
        await _send(bus, tenant_id, user_id, 1, 2, 3, 4)
        await eventually(lambda: _versions(bus, tenant_id, 1, 3))
        known = await bus.consumer.fetchval(
            "SELECT version FROM inbox_versions WHERE tenant_id = $1", tenant_id
        )
        assert known == 3
        await _send(bus, tenant_id, user_id, 5)
        await eventually(lambda: _versions(bus, tenant_id, 1, 3, 5))


async def test_the_offset_follows_what_was_passed_over(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition, "PASSED_OVER_SECONDS", 0.0)
    tenant_id, user_id = uuid7(), uuid7()
    before = await _offset(bus, tenant_id)

    async def moved() -> bool:
        return await _offset(bus, tenant_id) >= before + 2

    async with running(bus.reader(topics=[DIRECTORY_USERS], passes_over=of_others).run):
        await _send(bus, tenant_id, user_id, 2, 4)
        await eventually(moved)
    await _versions(bus, tenant_id)


async def test_after_a_crash_they_are_passed_over_again(bus: Bus) -> None:
    tenant_id, user_id = uuid7(), uuid7()
    for sent, applied in (((1, 2), (1,)), ((4, 3), (1, 3))):
        async with running(bus.reader(topics=[DIRECTORY_USERS], passes_over=of_others).run):
            await _send(bus, tenant_id, user_id, *sent)
            await eventually(partial(_versions, bus, tenant_id, *applied))


def test_no_event_that_has_a_number_may_be_passed_over() -> None:
    with pytest.raises(ValueError, match="is numbered"):
        Subscription(SCIM_EVENTS, {}, passes_over=of_others)
