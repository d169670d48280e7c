"""From commit to effect: once, in order, dense; on Kafka and on the broker in memory."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from chassis import context
from chassis.bus import Partition, Receiver, SendError, decode, decode_envelope
from chassis.database import DATABASE_FAILURES, read_queries, transaction
from chassis.ids import uuid7
from chassis.inbox.errors import Fenced
from chassis.inbox.offset_store import Inbox
from chassis.outbox import enqueue
from chassis.outbox.session import BUCKETS, RelaySession
from chassis.testing import LocalBroker
from contracts.event import Event
from contracts.topics import SCIM_EVENTS
from support.bus import Bus, raw, record_effect, running, user_deleted
from support.waiting import eventually


async def test_committed_events_are_applied_once_and_in_order(bus: Bus) -> None:
    tenants = [uuid7() for _ in range(5)]
    records = [user_deleted(tenant_id) for _ in range(40) for tenant_id in tenants]
    async with running(bus.relay().run, bus.reader().run):
        await bus.commit(*records)
        for tenant_id in tenants:
            await eventually(partial(_applied, bus, tenant_id, 40), within=20)
    applied = await bus.consumer.fetch("SELECT event_id, tenant_id FROM effects ORDER BY position")
    for tenant_id in tenants:
        assert [row["event_id"] for row in applied if row["tenant_id"] == tenant_id] == [
            record.event_id for record in records if record.tenant_id == tenant_id
        ]


async def test_an_event_carries_its_cause_to_the_handler(bus: Bus) -> None:
    seen: list[tuple[Event, context.Context]] = []

    async def handler(event: Event, _connection: asyncpg.Connection) -> None:
        # Other tests write to the same topics at the same time.
        if event.tenant_id == record.tenant_id:
            seen.append((event, context.current()))

    cause = context.Context("corr-1", traceparent=f"00-{'a' * 32}-{'b' * 16}-00")
    with context.bind(cause):
        record = user_deleted(uuid7())
    async with running(bus.relay().run, bus.reader(handler).run):
        await bus.commit(record)
        await eventually(lambda: seen, within=20)
    event, bound = seen[0]
    assert (event.id, event.subject) == (record.event_id, record.subject)
    assert (event.source, event.sequence) == ("/services/scim", 1)
    assert bound == context.Context("corr-1", str(record.tenant_id), cause.traceparent)


async def test_a_rolled_back_event_leaves_no_hole(bus: Bus) -> None:
    tenant_id = uuid7()
    await bus.commit(user_deleted(tenant_id))
    async with bus.producer.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await enqueue(connection, [user_deleted(tenant_id)])  # type: ignore[arg-type]  # a pool's proxy
        await undone.rollback()
    await bus.commit(user_deleted(tenant_id))
    async with running(bus.relay().run, bus.reader().run):
        await eventually(lambda: _applied(bus, tenant_id, 2), within=20)


async def test_only_one_relay_is_at_work_and_another_takes_over(bus: Bus) -> None:
    tenant_id = uuid7()
    async with running(bus.reader().run):
        async with running(bus.relay(poll=0.05).run, bus.relay(poll=0.05).run):
            await bus.commit(*[user_deleted(tenant_id) for _ in range(50)])
            await eventually(lambda: _applied(bus, tenant_id, 50), within=20)
        async with running(bus.relay(poll=0.05).run):
            await bus.commit(*[user_deleted(tenant_id) for _ in range(50)])
            await eventually(lambda: _applied(bus, tenant_id, 100), within=20)


async def test_a_relay_whose_session_is_cut_begins_anew(bus: Bus) -> None:
    tenant_id = uuid7()
    async with running(bus.relay(poll=0.05).run, bus.reader().run):
        await bus.commit(user_deleted(tenant_id))
        await eventually(lambda: _applied(bus, tenant_id, 1), within=20)
        await bus.producer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'relay%' AND datname = current_database()"
        )
        await bus.commit(user_deleted(tenant_id))
        await eventually(lambda: _applied(bus, tenant_id, 2), within=20)


async def test_a_consumer_that_is_stopped_while_it_joins_leaves_nothing_behind(bus: Bus) -> None:
    joining = asyncio.Event()
    made: list[Receiver] = []

    def receiver() -> Receiver:
        made.append(bus.broker.receiver(bus.group, [SCIM_EVENTS.name]))
        start = made[-1].start

        async def start_and_wait(
            assigned: Callable[[set[Partition]], None], revoked: Callable[[], object]
        ) -> None:
            await start(assigned, revoked)
            joining.set()
            await asyncio.Event().wait()

        made[-1].start = start_and_wait  # type: ignore[method-assign]  # to stop it midway
        return made[-1]

    consumer = bus.reader()
    consumer._make_receiver = receiver
    async with running(consumer.run):
        await asyncio.wait_for(joining.wait(), 20)
        await eventually(lambda: len(_partition_tasks()) == SCIM_EVENTS.partitions)
    assert _partition_tasks() == []
    assert len(made) == 1
    assert not await made[0].is_member()
    await made[0].close()


def _partition_tasks() -> list[str]:
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name == "PartitionWorker.run"]


async def test_a_silent_session_loses_its_buckets(bus: Bus) -> None:
    stopped = await RelaySession.open(bus.producer_dsn, silence=0.5, wake=lambda: None)
    stopped._beating.cancel()
    assert await stopped.take_buckets()
    heir = await RelaySession.open(bus.producer_dsn, silence=0.5, wake=lambda: None)
    assert not await heir.take_buckets()
    await eventually(lambda: not stopped.holds_buckets())

    async def inherited() -> bool:
        await heir.take_buckets()
        return len(heir.owned) == BUCKETS

    await eventually(inherited)
    with pytest.raises(DATABASE_FAILURES):
        await stopped.assign_sequences(10)
    await heir.close()
    await stopped.close()


async def test_a_session_that_waits_for_the_broker_keeps_its_buckets(local_bus: Bus) -> None:
    session = await RelaySession.open(local_bus.producer_dsn, silence=0.5, wake=lambda: None)
    await session.take_buckets()
    beats = {session._last_reply}

    async def has_beaten_for_long() -> bool:
        beats.add(session._last_reply)
        return max(beats) - min(beats) > 1.5

    await eventually(has_beaten_for_long)
    assert session.holds_buckets()
    assert await session.assign_sequences(10) == []
    await session.close()


async def test_what_a_dead_relay_numbered_is_sent_with_the_same_numbers(bus: Bus) -> None:
    tenant_id = uuid7()
    await bus.commit(*[user_deleted(tenant_id) for _ in range(3)])
    dying = await RelaySession.open(bus.producer_dsn, silence=5, wake=lambda: None)
    await dying.take_buckets()
    assert len(await dying.assign_sequences(2)) == 2
    await dying.close()
    async with running(bus.relay(poll=0.05).run, bus.reader().run):
        await eventually(lambda: _applied(bus, tenant_id, 3), within=20)


async def test_an_event_too_large_halts_its_tenant_alone_and_visibly(bus: Bus) -> None:
    small, large = uuid7(), uuid7()
    too_large = user_deleted(large)
    async with running(bus.relay(retry_blocked=timedelta(seconds=0.2)).run, bus.reader().run):
        async with bus.producer.acquire() as connection:
            await connection.execute(
                "INSERT INTO outbox (tenant_id, topic, event_id, type, subject, occurred_at, data) "
                "VALUES ($1, 'scim-events', $2, $3, 'x', now(), $4)",
                large,
                too_large.event_id,
                too_large.type,
                b'"' + b"x" * SCIM_EVENTS.max_message_bytes + b'"',
            )
        await bus.commit(user_deleted(large), *[user_deleted(small) for _ in range(3)])
        await eventually(lambda: _applied(bus, small, 3), within=20)
        blocked = await bus.producer.fetchrow("SELECT tenant_id, reason FROM outbox_blocked")
        assert blocked is not None
        assert blocked["tenant_id"] == large
        assert "exceed the limit of scim-events" in blocked["reason"]
        assert await bus.effects(large) == []
        # An operator repairs the row; the tenant flows again by itself.
        await bus.producer.execute(
            "UPDATE outbox SET data = $2 WHERE tenant_id = $1 AND length(data) > 1000000",
            large,
            too_large.data,
        )
        await eventually(lambda: _applied(bus, large, 2), within=20)
        await eventually(lambda: _count(bus.producer, "outbox_blocked", 0), within=10)


async def test_after_a_failed_send_everything_is_read_again(local_bus: Bus) -> None:
    bus, broker = local_bus, local_bus.broker
    assert isinstance(broker, LocalBroker)
    tenant_id = uuid7()
    broker.refusals = [SendError("epoch", permanent=False) for _ in range(3)]
    async with running(bus.relay().run, bus.reader().run):
        await bus.commit(*[user_deleted(tenant_id) for _ in range(20)])
        await eventually(lambda: _applied(bus, tenant_id, 20), within=20)


async def test_a_record_the_broker_refuses_is_found_among_many(local_bus: Bus) -> None:
    bus, broker = local_bus, local_bus.broker
    assert isinstance(broker, LocalBroker)
    broker._limits["scim-events"] = 300
    partner, bad = _two_tenants_of_one_partition()
    async with running(bus.relay().run, bus.reader().run):
        await bus.commit(
            user_deleted(bad, "x" * 400),
            user_deleted(bad),
            *[user_deleted(partner) for _ in range(5)],
        )
        await eventually(lambda: _applied(bus, partner, 5), within=20)
        await eventually(lambda: _count(bus.producer, "outbox_blocked", 1))
    assert await bus.effects(bad) == []


async def test_a_relay_stopped_while_it_gives_its_buckets_back_stops(local_bus: Bus) -> None:
    session = await RelaySession.open(local_bus.producer_dsn, silence=5, wake=lambda: None)
    release = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()

    session._beating.cancel()
    session._beating = asyncio.create_task(slow_to_end())
    await asyncio.sleep(0)
    closing = asyncio.create_task(session.close())
    await asyncio.sleep(0)
    closing.cancel()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert session._connection.is_closed()


async def test_sent_events_are_pruned_and_unsent_ones_never(bus: Bus) -> None:
    tenant_id = uuid7()
    async with running(bus.relay(keep_sent=timedelta(0), poll=0.05).run, bus.reader().run):
        await bus.commit(*[user_deleted(tenant_id) for _ in range(5)])
        await eventually(lambda: _applied(bus, tenant_id, 5), within=20)
        await eventually(lambda: _count(bus.producer, "outbox", 0), within=15)


async def test_a_blocked_tenant_keeps_nobody_elses_events(bus: Bus) -> None:
    await bus.commit(*[user_deleted(uuid7()) for _ in range(6)])
    await bus.producer.execute(
        "UPDATE outbox SET sent_at = now() - interval '1 day' "
        "WHERE id > (SELECT id FROM outbox ORDER BY id OFFSET 3 LIMIT 1)"
    )
    query = read_queries("chassis.outbox", "relay")["prune_sent"]
    await bus.producer.execute(*query(keep=timedelta(0), limit=2))
    assert await bus.producer.fetchval("SELECT count(*) FROM outbox") == 4


async def test_what_the_log_holds_is_a_cloudevent_of_its_tenant(local_bus: Bus) -> None:
    bus, broker = local_bus, local_bus.broker
    assert isinstance(broker, LocalBroker)
    record = user_deleted(uuid7())
    async with running(bus.relay().run):
        await bus.commit(record)
        await eventually(lambda: len(broker.records("scim-events")) == 1)
    [found] = broker.records("scim-events")
    event = decode(found, SCIM_EVENTS, decode_envelope(found, SCIM_EVENTS))
    assert (event.id, event.tenant_id) == (record.event_id, record.tenant_id)
    assert found.key == str(record.tenant_id).encode()


async def test_duplicates_in_the_log_have_no_second_effect(bus: Bus) -> None:
    tenant_id = uuid7()
    records = [user_deleted(tenant_id) for _ in range(4)]
    numbered = [raw(record, number) for number, record in enumerate(records, 1)]
    async with running(bus.reader().run):
        await bus.send(*numbered[:3], *numbered[:3], *numbered[1:])
        await eventually(lambda: _applied(bus, tenant_id, 4), within=20)
    # And again by a new process that has to read the partition from before them.
    await bus.consumer.execute(
        "UPDATE consumer_offsets SET next_offset = next_offset - 9 "
        "WHERE topic = $1 AND partition = $2",
        *numbered[0].partition,
    )
    other = user_deleted(tenant_id)
    async with running(bus.reader().run):
        await bus.send(raw(other, 5))
        await eventually(lambda: _applied(bus, tenant_id, 5), within=20)


async def test_two_consumers_share_the_work(bus: Bus) -> None:
    tenants = [uuid7() for _ in range(12)]
    async with running(bus.relay().run, bus.reader().run, bus.reader().run):
        for _ in range(10):
            await bus.commit(*[user_deleted(tenant_id) for tenant_id in tenants])
        for tenant_id in tenants:
            await eventually(partial(_applied, bus, tenant_id, 10), within=30)


async def test_an_old_owner_is_fenced(bus: Bus) -> None:
    partition = Partition("scim-events", 3)
    old, new = (Inbox(bus.group, partition, owner) for owner in ("old", "new"))
    async with transaction(bus.consumer) as connection:
        start = await old.claim(connection)
    async with transaction(bus.consumer) as connection:
        assert await new.claim(connection) == start
    with pytest.raises(Fenced):
        async with transaction(bus.consumer) as connection:
            await old.advance(connection, start + 1, [uuid7()])
    async with transaction(bus.consumer) as connection:
        await new.advance(connection, start + 1, [uuid7()])


async def test_a_database_in_trouble_parks_nothing(bus: Bus) -> None:
    tenant_id = uuid7()
    trouble = asyncio.Event()
    tries = 0

    async def handler(event: Event, connection: asyncpg.Connection) -> None:
        nonlocal tries
        tries += 1
        if not trouble.is_set():
            await connection.execute("SET LOCAL transaction_read_only = on")
        await record_effect(event, connection)

    async with running(bus.relay().run, bus.reader(handler).run):
        await bus.commit(*[user_deleted(tenant_id) for _ in range(3)])
        # Far more often than an event that is itself at fault would be tried.
        await eventually(lambda: tries > 6, within=20)
        assert await bus.parked(tenant_id) == []
        trouble.set()
        await eventually(lambda: _applied(bus, tenant_id, 3), within=20)


async def test_a_partition_that_the_database_holds_up_is_not_stuck(bus: Bus) -> None:
    tenant_id = uuid7()
    trouble = asyncio.Event()

    async def handler(event: Event, connection: asyncpg.Connection) -> None:
        if event.tenant_id == tenant_id and not trouble.is_set():
            raise ConnectionResetError
        await record_effect(event, connection)

    # Longer than a broker may be silent, which others' records on the same topics wait for.
    consumer = bus.reader(handler, stall_timeout=2.0, watchdog_interval=0.1)
    async with running(bus.relay().run, consumer.run) as [_, consuming]:
        await bus.commit(*[user_deleted(tenant_id) for _ in range(3)])
        await eventually(lambda: any(w.in_outage for w in consumer._workers.values()), within=20)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(consuming), 4)
        trouble.set()
        await eventually(lambda: _applied(bus, tenant_id, 3), within=20)


def _two_tenants_of_one_partition() -> tuple[UUID, UUID]:
    first = uuid7()
    partition = raw(user_deleted(first), 1).partition
    while True:
        second = uuid7()
        if raw(user_deleted(second), 1).partition == partition:
            return first, second


async def _applied(bus: Bus, tenant_id: UUID, count: int) -> bool:
    assert await bus.effects(tenant_id) == list(range(1, count + 1))
    return True


async def _count(pool: asyncpg.Pool, table: str, count: int) -> bool:
    assert await pool.fetchval(f"SELECT count(*) FROM {table}") == count
    return True
