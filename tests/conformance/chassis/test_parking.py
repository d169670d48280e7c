"""A poison event holds up its subject, a gap its tenant, nobody else; operators set it going."""

from functools import partial
from uuid import UUID

import asyncpg
import pytest

from chassis.bus import (
    NothingParked,
    read_bus_status,
    read_history,
)
from chassis.ids import uuid7
from chassis.inbox import Rejected
from chassis.inbox.attempts import Retries
from chassis.inbox.errors import TooManyParked
from chassis.inbox.parking import ParkingLimit
from chassis.outbox import EventTooLarge
from contracts.event import Event
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS, TOPICS
from kernel.errors import ConflictError, TooManyRequestsError, UnavailableError
from support.bus import Bus, raw, record_effect, running, user_deleted, user_state
from support.parking import Poison, ask, events, events_of, is_applied, is_done, is_parked, waiting
from support.waiting import eventually

REFUSALS = [
    Rejected("never"),
    ConflictError("name-taken", "Not twice."),
    asyncpg.CharacterNotInRepertoireError("invalid byte sequence: 0x00"),
    asyncpg.NumericValueOutOfRangeError("bigint out of range"),
    asyncpg.ProgramLimitExceededError("index row size 3000 exceeds 2704"),
    EventTooLarge("1,400,000 bytes do not fit"),
]


@pytest.mark.parametrize("error", REFUSALS)
async def test_an_event_that_a_rule_refuses_is_not_tried_again(bus: Bus, error: Exception) -> None:
    tenant_id = uuid7()
    poison = Poison(error, "bad")
    reader = bus.reader(poison, retries=Retries(attempts=9, pause=0.01))
    async with running(bus.relay().run, reader.run):
        await bus.commit(*events(tenant_id, "bad"))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "rejected")))
    # Once by itself, and once before in a batch if there were neighbours.
    assert poison.tried.count(tenant_id) <= 2


@pytest.mark.parametrize(
    "error", [UnavailableError("down", "Later."), TooManyRequestsError("busy", "Later.")]
)
async def test_what_passes_by_itself_is_waited_for_and_never_parked(
    local_bus: Bus, error: Exception
) -> None:
    tenant_id = uuid7()
    poison = Poison(error, "bad")
    reader = local_bus.reader(poison, limit=ParkingLimit(tenants=0))
    async with running(local_bus.relay().run, reader.run):
        await local_bus.commit(*events(tenant_id, "a", "bad", "c"))
        await eventually(lambda: _tried(poison, 5))
        assert await local_bus.parked(tenant_id) == []
        poison.names.clear()
        await eventually(lambda: is_applied(local_bus, tenant_id, 1, 2, 3))


async def test_an_event_that_alone_takes_too_long_is_parked_and_holds_up_nobody(bus: Bus) -> None:
    tenant_id = uuid7()
    tried: list[str] = []

    async def handle(event: Event, connection: asyncpg.Connection) -> None:
        await record_effect(event, connection)
        if getattr(event.data, "user_name", "") == "slow":
            tried.append("slow")
            await connection.execute("SELECT pg_sleep(20)", timeout=0.05)

    reader = bus.reader(handle, retries=Retries(pause=0.01, timeouts=3))
    async with running(bus.relay().run, reader.run):
        await bus.commit(*events(tenant_id, "a", "slow", "c"))
        await eventually(lambda: is_parked(bus, tenant_id, (2, "failed")))
        await eventually(lambda: is_applied(bus, tenant_id, 1, 3))
    # Three times by itself, and once before in a batch if there were neighbours.
    assert 3 <= len(tried) <= 4


async def test_redrive_applies_the_event_once_and_those_behind_it(bus: Bus) -> None:
    tenant_id = uuid7()
    poison = Poison(ZeroDivisionError(), "bad")
    async with running(bus.relay().run, bus.reader(poison).run):
        ann = uuid7()
        await bus.commit(*events_of(tenant_id, (ann, "bad"), (ann, "b"), (ann, "c")))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "failed"), *waiting(2, 3)))
        await ask(bus, "redrive", tenant_id)
        await eventually(lambda: is_done(bus, tenant_id))
        assert await bus.parked(tenant_id) == [(1, "failed"), *waiting(2, 3)]

        poison.names.clear()
        await ask(bus, "redrive", tenant_id)
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2, 3))
        await bus.commit(*events(tenant_id, "d"))
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2, 3, 4))
        assert await bus.parked(tenant_id) == []
    assert await _audit(bus, tenant_id) == [("redrive", "ops"), ("redrive", "ops")]


async def test_skip_gives_one_event_up_and_lets_the_others_go_on(bus: Bus) -> None:
    tenant_id = uuid7()
    poison = Poison(ZeroDivisionError(), "bad", "worse")
    async with running(bus.relay().run, bus.reader(poison).run):
        ann = uuid7()
        names = ("bad", "b", "worse", "d")
        await bus.commit(*events_of(tenant_id, *((ann, name) for name in names)))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "failed"), *waiting(2, 3, 4)))
        await ask(bus, "skip", tenant_id)
        await eventually(lambda: is_applied(bus, tenant_id, 2))
        await eventually(lambda: is_parked(bus, tenant_id, (3, "failed"), *waiting(4)))
        await ask(bus, "skip", tenant_id)
        await eventually(lambda: is_applied(bus, tenant_id, 2, 4))
    assert await _audit(bus, tenant_id) == [("skip", "ops"), ("skip", "ops")]


async def test_a_gap_waits_and_heals_when_the_missing_event_arrives(bus: Bus) -> None:
    tenant_id, other = uuid7(), uuid7()
    records = [raw(record, n) for n, record in enumerate(events(tenant_id, *"abcde"), 1)]
    async with running(bus.reader().run):
        await bus.send(records[0], records[2], records[3], raw(user_deleted(other), 1))
        await eventually(lambda: is_parked(bus, tenant_id, *waiting(3, 4)))
        await eventually(lambda: is_applied(bus, other, 1))
        assert await bus.effects(tenant_id) == [1]
        await bus.send(records[1], records[4])
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2, 3, 4, 5))
        assert await bus.parked(tenant_id) == []


async def test_skip_declares_missing_events_lost(bus: Bus) -> None:
    tenant_id = uuid7()
    records = [raw(record, n) for n, record in enumerate(events(tenant_id, *"abcde"), 1)]
    async with running(bus.reader().run):
        await bus.send(records[0], records[3], records[4])
        await eventually(lambda: is_parked(bus, tenant_id, *waiting(4, 5)))
        await ask(bus, "skip", tenant_id)
        await eventually(lambda: is_applied(bus, tenant_id, 1, 4, 5))
    detail = await bus.consumer.fetchval("SELECT detail FROM parked_audit")
    assert detail == "sequences 2 to 3 given up: they never arrived"


async def test_what_waited_when_a_consumer_died_goes_on_with_the_next(bus: Bus) -> None:
    tenant_id = uuid7()
    _, second = (raw(record, n) for n, record in enumerate(events(tenant_id, "a", "b"), 1))
    async with running(bus.reader().run):
        await bus.send(second)
        await eventually(lambda: is_parked(bus, tenant_id, *waiting(2)))
    # The event before it was applied, and the process died before it let the waiting one go.
    await bus.consumer.execute(
        "INSERT INTO inbox (tenant_id, consumer_group, topic, last) VALUES ($1, $2, $3, 1)",
        tenant_id,
        bus.group,
        SCIM_EVENTS.name,
    )
    async with running(bus.reader().run):
        await eventually(lambda: is_applied(bus, tenant_id, 2))


@pytest.mark.parametrize("sequence", [b"", b"0", b"-1", b"9" * 30, b"one"])
async def test_a_record_without_its_number_is_parked_and_its_tenant_waits(
    bus: Bus, sequence: bytes
) -> None:
    tenant_id = uuid7()
    bad = raw(user_deleted(tenant_id), 1, headers={"ce_sequence": sequence})
    async with running(bus.reader().run):
        await bus.send(bad, raw(user_deleted(tenant_id), 2))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "undecodable"), *waiting(2)))
        await ask(bus, "skip", tenant_id)
        await eventually(lambda: is_parked(bus, tenant_id, *waiting(2)))
        await ask(bus, "skip", tenant_id)
        await eventually(lambda: is_applied(bus, tenant_id, 2))


async def test_a_record_of_nobody_is_parked_under_no_tenant(bus: Bus) -> None:
    other = uuid7()
    strange = raw(user_deleted(other), 1, headers={"ce_tenantid": b"nobody"}, key=b"none")
    async with running(bus.reader().run):
        await bus.send(strange, raw(user_deleted(other), 1))
        await eventually(lambda: is_applied(bus, other, 1))
        await eventually(lambda: is_parked(bus, UUID(int=0), (None, "undecodable")))


async def test_too_many_newly_halted_tenants_stop_the_process(bus: Bus) -> None:
    poison = Poison(ZeroDivisionError(), "bad")
    limit = ParkingLimit(tenants=3)
    async with running(bus.relay().run, bus.reader(poison, limit=limit).run) as tasks:
        await bus.commit(*[user_deleted(uuid7(), "bad") for _ in range(8)])
        await eventually(tasks[1].done)
        assert isinstance(tasks[1].exception(), TooManyParked)
    # A restart does not begin to count anew.
    async with running(bus.reader(poison, limit=limit).run) as tasks:
        await eventually(tasks[0].done)
        assert isinstance(tasks[0].exception(), TooManyParked)
    halted = await bus.consumer.fetchval("SELECT count(DISTINCT tenant_id) FROM parked_events")
    assert halted <= 4


@pytest.mark.parametrize("error", [Rejected("never"), asyncpg.ProgramLimitExceededError("54000")])
async def test_one_customers_bad_data_in_many_tenants_stops_nobody_else(
    bus: Bus, error: Exception
) -> None:
    poison = Poison(error, "bad")
    other = uuid7()
    limit = ParkingLimit(tenants=3)
    async with running(bus.relay().run, bus.reader(poison, limit=limit).run):
        tenants = [uuid7() for _ in range(8)]
        await bus.commit(*[user_deleted(tenant_id, "bad") for tenant_id in tenants])
        for tenant_id in tenants:
            await eventually(partial(is_parked, bus, tenant_id, (1, "rejected")))
        await bus.commit(user_deleted(other))
        await eventually(lambda: is_applied(bus, other, 1))


async def test_states_apply_when_newer_and_a_deletion_is_remembered(bus: Bus) -> None:
    tenant_id, user_id = uuid7(), uuid7()
    steps = [(1, False), (3, False), (2, False), (4, True), (3, False), (5, False)]
    async with running(bus.reader(topics=[DIRECTORY_USERS]).run):
        for number, (version, deleted) in enumerate(steps, 1):
            await bus.send(raw(user_state(tenant_id, user_id, version, deleted=deleted), number))
        await eventually(lambda: _versions(bus, tenant_id, 1, 3, 4, 5))
    names = await bus.consumer.fetch(
        "SELECT name FROM effects WHERE tenant_id = $1 ORDER BY position", tenant_id
    )
    assert [row["name"] for row in names] == ["v1", "v3", None, "v5"]


async def test_a_poison_state_holds_up_nobody_and_a_newer_one_replaces_it(bus: Bus) -> None:
    tenant_id, user_id, other = uuid7(), uuid7(), uuid7()
    poison = Poison(ZeroDivisionError(), "v1")
    async with running(bus.reader(poison, topics=[DIRECTORY_USERS]).run):
        await bus.send(raw(user_state(tenant_id, user_id, 1), 1))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "failed")))
        await bus.send(raw(user_state(tenant_id, other, 2), 2))
        await eventually(lambda: _versions(bus, tenant_id, 2))
        await bus.send(raw(user_state(tenant_id, user_id, 3), 3))
        await eventually(lambda: _versions(bus, tenant_id, 2, 3))
        assert await bus.parked(tenant_id) == []


async def test_a_parked_state_can_be_redriven(bus: Bus) -> None:
    tenant_id, user_id = uuid7(), uuid7()
    poison = Poison(ZeroDivisionError(), "v1")
    async with running(bus.reader(poison, topics=[DIRECTORY_USERS]).run):
        await bus.send(raw(user_state(tenant_id, user_id, 1), 1))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "failed")))
        poison.names.clear()
        await ask(bus, "redrive", tenant_id, DIRECTORY_USERS.name)
        await eventually(lambda: _versions(bus, tenant_id, 1))
        await eventually(lambda: is_parked(bus, tenant_id))


async def test_operators_see_what_is_halted_and_cannot_ask_for_nothing(bus: Bus) -> None:
    tenant_id = uuid7()
    async with running(bus.relay().run, bus.reader(Poison(Rejected("x"), "bad")).run):
        ann = uuid7()
        await bus.commit(*events_of(tenant_id, (ann, "bad"), (ann, "b")))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "rejected"), *waiting(2)))
    async with bus.consumer.acquire() as connection:
        status = await read_bus_status(connection)  # type: ignore[arg-type]  # a pool's proxy
    [row] = status.parked
    assert (row["tenant_id"], row["sequence"], row["reason"]) == (tenant_id, 1, "rejected")
    assert (row["events"], row["error"]) == (2, "Rejected: x")
    assert row["subject"] == str(ann)
    assert {row["topic"] for row in status.offsets} == set(TOPICS)
    with pytest.raises(NothingParked):
        await ask(bus, "redrive", uuid7())


async def _tried(poison: Poison, times: int) -> bool:
    return len(poison.tried) >= times


async def _versions(bus: Bus, tenant_id: UUID, *expected: int) -> bool:
    rows = await bus.consumer.fetch(
        "SELECT version FROM effects WHERE tenant_id = $1 ORDER BY position", tenant_id
    )
    assert [row["version"] for row in rows] == list(expected)
    return True


async def _audit(bus: Bus, tenant_id: UUID) -> list[tuple[str, str]]:
    async with bus.consumer.acquire() as connection:
        rows = await read_history(
            connection,  # type: ignore[arg-type]  # a pool's proxy
            tenant_id=tenant_id,
            topic=None,
            limit=100,
        )
    return [(row["action"], row["actor"]) for row in reversed(rows)]
