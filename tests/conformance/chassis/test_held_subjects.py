"""A parked event holds up the later ones of its subject, in their order, and nothing else."""

import pytest

from chassis.bus import NothingParked
from chassis.ids import uuid7
from support.bus import Bus, raw, running, user_deleted
from support.parking import Poison, ask, events, events_of, is_applied, is_parked, waiting
from support.waiting import eventually


async def test_a_poison_event_holds_up_its_subject_only(bus: Bus) -> None:
    bad, good = uuid7(), uuid7()
    ann, bob = uuid7(), uuid7()
    poison = Poison(ZeroDivisionError("no"), "bad")
    async with running(bus.relay().run, bus.reader(poison).run):
        await bus.commit(
            *events_of(bad, (ann, "a"), (ann, "bad"), (bob, "c"), (ann, "d"), (bob, "e")),
            *events(good, "a", "b", "c"),
        )
        await eventually(lambda: is_applied(bus, bad, 1, 3, 5))
        await eventually(lambda: is_parked(bus, bad, (2, "failed"), (4, "waiting")))
        await eventually(lambda: is_applied(bus, good, 1, 2, 3))
    query = "SELECT error FROM parked_events WHERE sequence = 2 AND tenant_id = $1"
    error = await bus.consumer.fetchval(query, bad)
    assert error == "ZeroDivisionError: no"


async def test_what_is_held_up_stays_so_after_a_restart_and_the_order_of_its_subject_holds(
    bus: Bus,
) -> None:
    tenant_id, ann, bob = uuid7(), uuid7(), uuid7()
    poison = Poison(ZeroDivisionError(), "bad")
    async with running(bus.relay().run):
        async with running(bus.reader(poison).run):
            await bus.commit(*events_of(tenant_id, (ann, "bad"), (bob, "b"), (ann, "c")))
            await eventually(lambda: is_parked(bus, tenant_id, (1, "failed"), (3, "waiting")))
        async with running(bus.reader(poison).run):
            await bus.commit(*events_of(tenant_id, (bob, "d"), (ann, "e")))
            await eventually(lambda: is_applied(bus, tenant_id, 2, 4))
            held = [(1, "failed"), *waiting(3, 5)]
            await eventually(lambda: is_parked(bus, tenant_id, *held))
            poison.names.clear()
            await ask(bus, "redrive", tenant_id)
            await eventually(lambda: is_applied(bus, tenant_id, 2, 4, 1, 3, 5))
    assert await bus.parked(tenant_id) == []


async def test_a_redrive_takes_all_subjects_in_the_order_of_the_sequence(bus: Bus) -> None:
    tenant_id, ann, bob, eve = uuid7(), uuid7(), uuid7(), uuid7()
    poison = Poison(ZeroDivisionError(), "bad", "worse")
    async with running(bus.relay().run, bus.reader(poison).run):
        await bus.commit(
            *events_of(tenant_id, (ann, "bad"), (bob, "bad"), (eve, "worse"), (ann, "d")),
            *events_of(tenant_id, (bob, "e"), (eve, "f"), (ann, "g")),
        )
        failed = [(1, "failed"), (2, "failed"), (3, "failed")]
        await eventually(lambda: is_parked(bus, tenant_id, *failed, *waiting(4, 5, 6, 7)))
        poison.names.remove("bad")
        await ask(bus, "redrive", tenant_id)
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2, 4, 5, 7))
        assert await bus.parked(tenant_id) == [(3, "failed"), *waiting(6)]


async def test_skip_can_name_the_event_that_is_given_up(bus: Bus) -> None:
    tenant_id, ann, bob = uuid7(), uuid7(), uuid7()
    poison = Poison(ZeroDivisionError(), "bad")
    async with running(bus.relay().run, bus.reader(poison).run):
        await bus.commit(*events_of(tenant_id, (ann, "bad"), (bob, "bad"), (ann, "c"), (bob, "d")))
        failed = [(1, "failed"), (2, "failed")]
        await eventually(lambda: is_parked(bus, tenant_id, *failed, *waiting(3, 4)))
        with pytest.raises(NothingParked, match="sequence 3"):
            await ask(bus, "skip", tenant_id, sequence=3)
        await ask(bus, "skip", tenant_id, sequence=2)
        await eventually(lambda: is_applied(bus, tenant_id, 4))
        assert await bus.parked(tenant_id) == [(1, "failed"), *waiting(3)]


async def test_a_subject_held_up_behind_a_gap_waits_on_when_the_gap_closes(bus: Bus) -> None:
    tenant_id, ann, bob = uuid7(), uuid7(), uuid7()
    poison = Poison(ZeroDivisionError(), "bad")
    named = [(bob, "a"), (ann, "bad"), (ann, "c"), (bob, "d"), (ann, "e")]
    records = [raw(record, n) for n, record in enumerate(events_of(tenant_id, *named), 1)]
    async with running(bus.reader(poison).run):
        await bus.send(*records[1:4])
        await eventually(lambda: is_parked(bus, tenant_id, *waiting(2, 3, 4)))
        await bus.send(records[0], records[4])
        await eventually(lambda: is_applied(bus, tenant_id, 1, 4))
        held = [(2, "failed"), *waiting(3, 5)]
        await eventually(lambda: is_parked(bus, tenant_id, *held))


async def test_what_was_parked_before_subjects_were_known_lets_its_tenant_go(bus: Bus) -> None:
    tenant_id, ann, bob = uuid7(), uuid7(), uuid7()
    poison = Poison(ZeroDivisionError(), "bad")
    async with running(bus.relay().run, bus.reader(poison).run):
        await bus.commit(*events_of(tenant_id, (ann, "bad"), (bob, "b"), (ann, "c")))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "failed"), (3, "waiting")))
    # As the release before left it: the tenant waits, its last applied event is the one before.
    await bus.consumer.execute("DELETE FROM effects WHERE tenant_id = $1", tenant_id)
    await bus.consumer.execute("UPDATE inbox SET last = 0 WHERE tenant_id = $1", tenant_id)
    await bus.consumer.execute(
        "UPDATE parked_events SET subject = NULL WHERE tenant_id = $1", tenant_id
    )
    async with running(bus.reader(poison).run):
        [second] = events_of(tenant_id, (bob, "b"))
        await bus.send(raw(second, 2))
        await eventually(lambda: is_applied(bus, tenant_id, 2))
        assert await bus.parked(tenant_id) == [(1, "failed"), (3, "waiting")]


@pytest.mark.parametrize(
    "changes",
    [
        {"value": b"no json"},
        {"value": b"{}"},
        {"value": None},
        {"headers": {"ce_specversion": b"0.3"}},
        {"headers": {"ce_time": b"yesterday"}},
    ],
)
async def test_unreadable_data_holds_up_its_subject(bus: Bus, changes: dict[str, object]) -> None:
    tenant_id, ann = uuid7(), uuid7()
    first, second, third = events_of(tenant_id, (ann, "a"), (uuid7(), "b"), (ann, "c"))
    async with running(bus.reader().run):
        await bus.send(raw(first, 1, **changes), raw(second, 2), raw(third, 3))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "undecodable"), *waiting(3)))
        await eventually(lambda: is_applied(bus, tenant_id, 2))
        await ask(bus, "skip", tenant_id)
        await eventually(lambda: is_applied(bus, tenant_id, 2, 3))


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": {"ce_type": b"scim.user.exploded.v1"}},
        {"headers": {"ce_type": b"scim.user.created.v1"}},
        {"headers": {"ce_subject": b"\xff"}},
        {"headers": {"na\x00me": b""}, "key": b"another key"},
    ],
)
async def test_a_record_that_may_be_about_anybody_is_parked_and_its_tenant_waits(
    bus: Bus, changes: dict[str, object]
) -> None:
    tenant_id, other = uuid7(), uuid7()
    async with running(bus.reader().run):
        await bus.send(
            raw(user_deleted(tenant_id), 1, **changes),
            raw(user_deleted(tenant_id), 2),
            raw(user_deleted(other), 1),
        )
        await eventually(lambda: is_parked(bus, tenant_id, (1, "undecodable"), *waiting(2)))
        await eventually(lambda: is_applied(bus, other, 1))
        await ask(bus, "skip", tenant_id)
        await eventually(lambda: is_applied(bus, tenant_id, 2))
