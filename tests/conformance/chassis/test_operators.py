"""What operators ask for is done once for each, and takes nothing away that they did not name."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.bus import partition_of
from chassis.ids import uuid7
from chassis.inbox import Rejected
from chassis.inbox.parked_store import ParkedEvent, ParkedStore
from contracts.event import Event
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS
from support.bus import Bus, raw, running, user_deleted, user_state
from support.parking import Poison, ask, events, is_applied, is_parked
from support.waiting import eventually


async def _states(bus: Bus, tenant_id: UUID, *expected: int) -> bool:
    rows = await bus.consumer.fetch(
        "SELECT version FROM effects WHERE tenant_id = $1 ORDER BY position", tenant_id
    )
    assert [row["version"] for row in rows] == list(expected)
    return True


async def _nothing_parked(bus: Bus, tenant_id: UUID) -> bool:
    assert await bus.parked(tenant_id) == []
    return True


async def test_a_redrive_of_states_loses_no_newer_one(bus: Bus) -> None:
    tenant_id, user_id = uuid7(), uuid7()
    poison = Poison(Rejected("never"), "v5", "v6")
    async with running(bus.reader(poison, topics=[DIRECTORY_USERS]).run):
        await bus.send(*(raw(user_state(tenant_id, user_id, v), v) for v in (5, 6)))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "rejected"), (None, "rejected")))
        poison.names.clear()
        await ask(bus, "redrive", tenant_id, topic=DIRECTORY_USERS.name)
        await eventually(lambda: _states(bus, tenant_id, 5, 6))
        await eventually(lambda: _nothing_parked(bus, tenant_id))


async def test_a_redrive_keeps_the_newer_state_that_still_fails(bus: Bus) -> None:
    tenant_id, user_id = uuid7(), uuid7()
    poison = Poison(Rejected("never"), "v5", "v6")
    async with running(bus.reader(poison, topics=[DIRECTORY_USERS]).run):
        await bus.send(*(raw(user_state(tenant_id, user_id, v), v) for v in (5, 6)))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "rejected"), (None, "rejected")))
        poison.names.remove("v5")
        await ask(bus, "redrive", tenant_id, topic=DIRECTORY_USERS.name)
        await eventually(lambda: _states(bus, tenant_id, 5))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "rejected")))


async def test_a_redrive_has_one_record_outside_the_sequence_in_memory(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_id = uuid7()
    poison = Poison(Rejected("never"), *(f"v{version}" for version in (1, 2, 3)))
    read, ahead = ParkedStore.read_unnumbered, 0
    tries: list[int] = []

    async def counted(*arguments: Any, **named: Any) -> ParkedEvent | None:
        nonlocal ahead
        event = await read(*arguments, **named)
        ahead += event is not None
        return event

    async def try_again(event: Event, connection: asyncpg.Connection) -> None:
        nonlocal ahead
        tries.append(ahead)
        ahead = 0
        await poison(event, connection)

    states = [raw(user_state(tenant_id, uuid7(), version), version) for version in (1, 2, 3)]
    async with running(bus.reader(try_again, topics=[DIRECTORY_USERS]).run):
        await bus.send(*states)
        await eventually(lambda: is_parked(bus, tenant_id, *[(None, "rejected")] * 3))
        tries.clear()
        monkeypatch.setattr(ParkedStore, "read_unnumbered", counted)
        poison.names.clear()
        await ask(bus, "redrive", tenant_id, topic=DIRECTORY_USERS.name)
        await eventually(lambda: _nothing_parked(bus, tenant_id))
    assert tries == [1, 1, 1]


async def test_two_requests_to_skip_are_two(bus: Bus) -> None:
    tenant_id = uuid7()
    poison = Poison(Rejected("never"), "bad")
    async with running(bus.relay().run, bus.reader(poison).run):
        await bus.commit(*events(tenant_id, "bad", "ada", "bad"))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "rejected"), (3, "rejected")))
    for sequence in (1, 3):
        await ask(bus, "skip", tenant_id, sequence=sequence)
    async with running(bus.reader(poison).run):
        await eventually(lambda: _nothing_parked(bus, tenant_id))
    audited = await bus.consumer.fetchval(
        "SELECT count(*) FROM parked_audit WHERE tenant_id = $1", tenant_id
    )
    assert audited == 2


async def test_a_gap_is_given_up_by_itself(bus: Bus) -> None:
    """What failed before the gap, and may be mended yet, is not the price."""
    tenant_id = uuid7()
    poison = Poison(Rejected("never"), "bad")
    async with running(bus.reader(poison).run):
        await bus.send(raw(user_deleted(tenant_id, "bad"), 1), raw(user_deleted(tenant_id), 3))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "rejected"), (3, "waiting")))
        await ask(bus, "skip", tenant_id, sequence=3)
        await eventually(lambda: is_applied(bus, tenant_id, 3))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "rejected")))


async def test_a_long_backlog_that_is_let_go_holds_up_nobody_else(local_bus: Bus) -> None:
    """Thousands may wait behind a gap; a neighbour of the partition waits for none of them."""
    bus, backlog = local_bus, 400
    halted, neighbour = _neighbours()
    async with running(bus.reader().run):
        waiting = [raw(user_deleted(halted), number) for number in range(2, backlog + 1)]
        await bus.send(*waiting)
        await eventually(lambda: _count(bus, "parked_events", halted, backlog - 1), within=30)
        await bus.send(raw(user_deleted(halted), 1), raw(user_deleted(neighbour), 1))
        await eventually(lambda: is_applied(bus, neighbour, 1))
        await bus.send(raw(user_deleted(neighbour), 2))
        await eventually(lambda: is_applied(bus, neighbour, 1, 2))
        assert len(await bus.effects(halted)) < backlog, "it was not waited for"
        await eventually(lambda: is_applied(bus, halted, *range(1, backlog + 1)), within=50)


async def _count(bus: Bus, table: str, tenant_id: UUID, expected: int) -> bool:
    query = f"SELECT count(*) FROM {table} WHERE tenant_id = $1"
    return bool(await bus.consumer.fetchval(query, tenant_id) == expected)


def _neighbours() -> tuple[UUID, UUID]:
    first = uuid7()
    while True:
        second = uuid7()
        if partition_of(first, SCIM_EVENTS.partitions) == partition_of(
            second, SCIM_EVENTS.partitions
        ):
            return first, second
