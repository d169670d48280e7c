"""SIGKILL of a consumer that has applied one tenant's events ahead of another's, which wait."""

from functools import partial
from uuid import UUID

import pytest

from chassis.bus import partition_of
from chassis.database import transaction
from chassis.ids import uuid7
from chassis.outbox import OutboxRecord, enqueue
from contracts.topics import SCIM_EVENTS
from fault.bus_process import POISON
from fault.workload import Start
from support.bus import Bus, user_deleted
from support.processes import ServiceProcess
from support.waiting import eventually

SIGKILLED = -9
MORE_KILLS = 10
BULK = 4_000
OTHERS = 400
FAULTS = ("consumer.applied_ahead:1", "consumer.applied_ahead:2", "consumer.before_commit:2")


@pytest.mark.timeout(150)
async def test_a_consumer_killed_amid_a_read_ahead_loses_doubles_and_reorders_nothing(
    bus: Bus, start: Start
) -> None:
    tenants = _neighbours(3)
    bulk, *others = tenants
    committed = {bulk: [user_deleted(bulk) for _ in range(BULK)]}
    committed |= {other: [user_deleted(other) for _ in range(OTHERS)] for other in others}
    held = _events_behind_poison(committed)
    relay = start("relay")
    await _commit(bus, committed[bulk])
    await eventually(lambda: _all_sent(bus), within=30)
    for other in others:
        await _commit(bus, committed[other])
    await eventually(lambda: _all_sent(bus), within=30)
    relay.kill()

    for fault in FAULTS:
        await _killed(start, fault)
    # What other tests left in this partition may have been the first that was passed.
    for _ in range(MORE_KILLS):
        if await _offset_is_behind(bus, tenants):
            break
        await _killed(start, "consumer.applied_ahead:3")
    assert await _offset_is_behind(bus, tenants)

    start("consumer")
    expected = BULK + 2 * OTHERS - sum(map(len, held.values()))
    await eventually(lambda: _applied(bus, tenants, expected), within=40)
    await eventually(lambda: _parked(bus, held), within=20)
    for tenant_id, records in committed.items():
        rows = await bus.consumer.fetch(
            "SELECT event_id, sequence FROM effects WHERE tenant_id = $1 ORDER BY position",
            tenant_id,
        )
        due = [(n, record) for n, record in enumerate(records, 1) if n not in held[tenant_id]]
        assert [row["event_id"] for row in rows] == [record.event_id for _, record in due]
        assert [row["sequence"] for row in rows] == [number for number, _ in due]


async def _killed(start: Start, fault: str) -> None:
    """Let a consumer work until it reaches the fault."""
    consumer = start("consumer", fault=fault)
    await eventually(partial(_ended, consumer), within=30)
    assert consumer.returncode == SIGKILLED, consumer.output


def _events_behind_poison(committed: dict[UUID, list[OutboxRecord]]) -> dict[UUID, list[int]]:
    """Make one event of each tenant one that fails, and some later ones its subject's.

    Returns the sequences of all that must end up parked.
    """
    held = {}
    for tenant_id, records in committed.items():
        user_id = uuid7()
        step = len(records) // 8
        numbers = list(range(step, len(records), step))
        for number in numbers:
            name = POISON if number == numbers[0] else "ada"
            records[number - 1] = user_deleted(tenant_id, name, user_id=user_id)
        held[tenant_id] = numbers
    return held


async def _parked(bus: Bus, held: dict[UUID, list[int]]) -> bool:
    for tenant_id, (first, *rest) in held.items():
        waiting = [(number, "waiting") for number in rest]
        assert await bus.parked(tenant_id) == [(first, "failed"), *waiting]
    return True


def _ended(process: ServiceProcess) -> bool:
    return process.returncode is not None


def _neighbours(number: int) -> list[UUID]:
    """Return tenants of one partition."""
    found = [uuid7()]
    place = partition_of(found[0], SCIM_EVENTS.partitions)
    while len(found) < number:
        if partition_of(tenant_id := uuid7(), SCIM_EVENTS.partitions) == place:
            found.append(tenant_id)
    return found


async def _commit(bus: Bus, records: list[OutboxRecord]) -> None:
    async with transaction(bus.producer) as connection:
        await enqueue(connection, records)


async def _all_sent(bus: Bus) -> bool:
    return not await bus.producer.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")


async def _applied(bus: Bus, tenants: list[UUID], number: int) -> bool:
    query = "SELECT count(*) FROM effects WHERE tenant_id = ANY ($1)"
    return bool(await bus.consumer.fetchval(query, tenants) >= number)


async def _offset_is_behind(bus: Bus, tenants: list[UUID]) -> bool:
    """Return whether some event was applied although one before it in the log was not."""
    bulk, *others = tenants
    return bool(
        await bus.consumer.fetchval(
            "SELECT (SELECT count(*) FROM effects WHERE tenant_id = ANY ($1)) > 0"
            " AND (SELECT count(*) FROM effects WHERE tenant_id = $2) < $3",
            others,
            bulk,
            BULK,
        )
    )
