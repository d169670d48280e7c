"""One tenant's thousands of events hold up nobody else, on the way out and on the way in."""

from uuid import UUID

from chassis.bus import partition_of
from chassis.database import transaction
from chassis.ids import uuid7
from chassis.outbox import OutboxRecord, enqueue
from chassis.testing import LocalBroker
from contracts.topics import SCIM_EVENTS
from support.bus import Bus, record_effects, running, user_deleted
from support.waiting import eventually

BULK = 3_000


def neighbours() -> tuple[UUID, UUID]:
    """Return two tenants of one partition."""
    first = uuid7()
    place = partition_of(first, SCIM_EVENTS.partitions)
    while partition_of(second := uuid7(), SCIM_EVENTS.partitions) != place:
        pass
    return first, second


async def commit_bulk(bus: Bus, tenant_id: UUID, number: int = BULK) -> list[OutboxRecord]:
    records = [user_deleted(tenant_id) for _ in range(number)]
    async with transaction(bus.producer) as connection:
        await enqueue(connection, records)
    return records


async def test_a_tenant_behind_a_bulk_of_its_partition_is_applied_before_it(bus: Bus) -> None:
    bulk, other = neighbours()
    await commit_bulk(bus, bulk)
    async with running(bus.relay().run):
        await eventually(lambda: _all_sent(bus), within=30)
        await bus.commit(*[user_deleted(other) for _ in range(3)])
        await eventually(lambda: _all_sent(bus), within=10)
    async with running(bus.reader(batch=record_effects).run):
        await eventually(lambda: _applied(bus, bulk, BULK), within=30)
    assert await bus.effects(bulk) == list(range(1, BULK + 1))
    assert await bus.effects(other) == [1, 2, 3]
    position = "SELECT max(position) FROM effects WHERE tenant_id = $1"
    before = "SELECT count(*) FROM effects WHERE tenant_id = $1 AND position < $2"
    behind = await bus.consumer.fetchval(before, bulk, await bus.consumer.fetchval(position, other))
    assert behind < BULK * 0.9


async def test_what_was_applied_ahead_is_skipped_when_it_is_read_again(local_bus: Bus) -> None:
    bus = local_bus
    bulk, other = neighbours()
    await commit_bulk(bus, bulk)
    await bus.commit(*[user_deleted(other) for _ in range(40)])
    async with running(bus.relay().run):
        await eventually(lambda: _all_sent(bus), within=30)
    async with running(bus.reader(batch=record_effects).run):
        await eventually(lambda: _applied(bus, other, 40), within=20)
    offset = await bus.consumer.fetchval(
        "SELECT next_offset FROM consumer_offsets WHERE consumer_group = $1 AND partition = $2",
        bus.group,
        partition_of(bulk, SCIM_EVENTS.partitions),
    )
    [applied] = await bus.consumer.fetch(
        "SELECT count(*) FILTER (WHERE tenant_id = $1) AS bulk, count(*) AS all FROM effects", bulk
    )
    assert offset <= applied["bulk"] < applied["all"], "nothing was applied ahead"
    async with running(bus.reader(batch=record_effects).run):
        await eventually(lambda: _applied(bus, bulk, BULK), within=30)
    assert await bus.effects(bulk) == list(range(1, BULK + 1))
    assert await bus.effects(other) == list(range(1, 41))


async def test_a_relay_numbers_the_tenants_in_turn(local_bus: Bus) -> None:
    bus, broker = local_bus, local_bus.broker
    assert isinstance(broker, LocalBroker)
    bulk, other = neighbours()
    bulk_events = await commit_bulk(bus, bulk)
    await bus.commit(*[user_deleted(other) for _ in range(3)])
    async with running(bus.relay().run):
        await eventually(lambda: _all_sent(bus), within=30)
    sent = [UUID((each.key or b"").decode()) for each in broker.records(SCIM_EVENTS.name)]
    assert max(index for index, tenant_id in enumerate(sent) if tenant_id == other) < 1_000
    found = [
        UUID(dict(each.headers)["ce_id"].decode())
        for each in broker.records(SCIM_EVENTS.name)
        if each.key == str(bulk).encode()
    ]
    assert found == [each.event_id for each in bulk_events]


async def _applied(bus: Bus, tenant_id: UUID, number: int) -> bool:
    query = "SELECT count(*) FROM effects WHERE tenant_id = $1"
    return bool(await bus.consumer.fetchval(query, tenant_id) >= number)


async def _all_sent(bus: Bus) -> bool:
    return not await bus.producer.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
