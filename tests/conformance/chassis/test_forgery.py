"""Records that no producer of ours can have written: refused loudly, without harm to real ones."""

from dataclasses import replace
from uuid import UUID

from prometheus_client import REGISTRY

from chassis.bus import Partition, partition_of
from chassis.ids import uuid7
from chassis.inbox import Rejected
from chassis.inbox.plausible import MOST_VERSION, MOST_VERSIONS_AHEAD
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS
from support.bus import Bus, raw, running, user_deleted, user_state
from support.parking import Poison, ask, events_of, is_applied, is_done, is_parked
from support.waiting import eventually


async def test_an_event_under_a_number_that_another_had_is_not_swallowed(bus: Bus) -> None:
    tenant_id = uuid7()
    forged, real, after = (user_deleted(tenant_id, name) for name in ("x", "a", "b"))
    before = _refused("conflict")
    async with running(bus.reader().run):
        await bus.send(raw(forged, 1), raw(real, 1), raw(after, 2))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "conflict")))
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2))
    assert _refused("conflict") > before


async def test_a_number_given_twice_is_known_after_a_restart_too(bus: Bus) -> None:
    tenant_id = uuid7()
    async with running(bus.reader().run):
        await bus.send(raw(user_deleted(tenant_id), 1))
        await eventually(lambda: is_applied(bus, tenant_id, 1))
    async with running(bus.reader().run):
        await bus.send(raw(user_deleted(tenant_id), 1))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "conflict")))


async def test_the_same_event_may_come_again_at_any_time(bus: Bus) -> None:
    tenant_id = uuid7()
    records = [raw(user_deleted(tenant_id), number) for number in (1, 2, 3)]
    async with running(bus.reader().run):
        await bus.send(*records, *records)
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2, 3))
    async with running(bus.reader().run):
        await bus.send(*records, raw(user_deleted(tenant_id), 4))
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2, 3, 4))
    assert await bus.parked(tenant_id) == []


async def test_what_came_before_its_turn_gives_way_to_what_comes_in_its_turn(bus: Bus) -> None:
    tenant_id = uuid7()
    real = [raw(user_deleted(tenant_id), number) for number in (1, 2, 3)]
    async with running(bus.reader().run):
        await bus.send(raw(user_deleted(tenant_id, "forged"), 3))
        await eventually(lambda: is_parked(bus, tenant_id, (3, "waiting")))
        await bus.send(*real)
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2, 3))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "conflict")))
    names = await bus.consumer.fetch("SELECT name FROM effects WHERE tenant_id = $1", tenant_id)
    assert {row["name"] for row in names} == {"ada"}


async def test_an_impossible_jump_applies_nothing_and_holds_up_nobody(bus: Bus) -> None:
    tenant_id = uuid7()
    async with running(bus.reader().run):
        await bus.send(raw(user_deleted(tenant_id, "forged"), 2**62))
        await bus.send(*(raw(user_deleted(tenant_id), number) for number in (1, 2)))
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2))
        assert await bus.parked(tenant_id) == [(None, "rejected")]
        await ask(bus, "skip", tenant_id)
        await eventually(lambda: is_parked(bus, tenant_id))
        await bus.send(raw(user_deleted(tenant_id), 3))
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2, 3))


async def test_a_number_that_was_parked_too_early_never_swallows_the_real_event(bus: Bus) -> None:
    tenant_id = uuid7()
    poison = Poison(Rejected("never"), "bad")
    early = raw(user_deleted(tenant_id, "early"), 2, headers={"ce_type": b"scim.unknown.v1"})
    async with running(bus.reader(poison).run):
        await bus.send(early)
        await eventually(lambda: is_parked(bus, tenant_id, (2, "waiting")))
        first, second = raw(user_deleted(tenant_id), 1), raw(user_deleted(tenant_id, "bad"), 2)
        await bus.send(first, second, raw(user_deleted(tenant_id), 3))
        await eventually(lambda: is_applied(bus, tenant_id, 1, 3))
        parked = await bus.parked(tenant_id)
        assert (2, "rejected") in parked, "the real one is kept"
        assert len(parked) == 2


async def test_a_record_on_anothers_partition_is_refused(bus: Bus) -> None:
    tenant_id = uuid7()
    right = partition_of(tenant_id, SCIM_EVENTS.partitions)
    forged = raw(user_deleted(tenant_id, "forged"), 1)
    wrong = Partition(SCIM_EVENTS.name, (right + 1) % SCIM_EVENTS.partitions)
    before = _refused("rejected")
    async with running(bus.reader().run):
        await bus.send(replace(forged, partition=wrong))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "rejected")))
        await bus.send(raw(user_deleted(tenant_id), 1))
        await eventually(lambda: is_applied(bus, tenant_id, 1))
    assert _refused("rejected") > before
    names = await bus.consumer.fetchval("SELECT name FROM effects WHERE tenant_id = $1", tenant_id)
    assert names == "ada"


async def test_what_stands_on_anothers_partition_moves_nothing_when_it_is_redriven(
    bus: Bus,
) -> None:
    tenant_id, ann = uuid7(), uuid7()
    poison = Poison(ZeroDivisionError(), "bad")
    right = partition_of(tenant_id, SCIM_EVENTS.partitions)
    wrong = Partition(SCIM_EVENTS.name, (right + 1) % SCIM_EVENTS.partitions)
    forged = replace(raw(user_deleted(tenant_id, "forged"), 3), partition=wrong)
    unreadable = raw(user_deleted(tenant_id), 3, headers={"ce_subject": b"\xff"})
    named = events_of(tenant_id, (ann, "bad"), (ann, "b"))
    async with running(bus.reader(poison).run):
        await bus.send(*(raw(record, n) for n, record in enumerate(named, 1)))
        await eventually(lambda: is_parked(bus, tenant_id, (1, "failed"), (2, "waiting")))
        await bus.send(forged, replace(unreadable, partition=wrong))
        held = [(1, "failed"), (2, "waiting")]
        strange = [(None, "rejected"), (None, "undecodable")]
        await eventually(lambda: is_parked(bus, tenant_id, *held, *strange))
        poison.names.clear()
        await ask(bus, "redrive", tenant_id)
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2))
        await eventually(lambda: is_done(bus, tenant_id))
        assert await bus.parked(tenant_id) == strange
        for _ in strange:
            await ask(bus, "skip", tenant_id)
            await eventually(lambda: is_done(bus, tenant_id))
        await bus.send(raw(user_deleted(tenant_id), 3))
        await eventually(lambda: is_applied(bus, tenant_id, 1, 2, 3))
        assert await bus.parked(tenant_id) == []


async def test_a_state_of_an_impossible_version_does_not_beat_later_ones(bus: Bus) -> None:
    tenant_id, known, unknown = uuid7(), uuid7(), uuid7()
    async with running(bus.reader(topics=[DIRECTORY_USERS]).run):
        await bus.send(raw(user_state(tenant_id, known, 1), 1))
        await bus.send(
            raw(user_state(tenant_id, known, 2 + MOST_VERSIONS_AHEAD), 2),
            raw(user_state(tenant_id, unknown, MOST_VERSION + 1), 3),
            raw(user_state(tenant_id, unknown, 2**63 - 1), 4),
        )
        await eventually(lambda: is_parked(bus, tenant_id, *[(None, "rejected")] * 3))
        await bus.send(raw(user_state(tenant_id, known, 2), 5))
        await bus.send(raw(user_state(tenant_id, unknown, 1), 6))
        await eventually(lambda: _versions(bus, tenant_id, 1, 2, 1))
        # The newer state of its key replaces what was parked.
        await eventually(lambda: is_parked(bus, tenant_id))


async def test_a_redrive_leaves_conflicts_out_unless_it_is_asked_for_them(bus: Bus) -> None:
    tenant_id = uuid7()
    async with running(bus.reader().run):
        await bus.send(raw(user_deleted(tenant_id), 1), raw(user_deleted(tenant_id, "other"), 1))
        await eventually(lambda: is_parked(bus, tenant_id, (None, "conflict")))
        await ask(bus, "redrive", tenant_id)
        await eventually(lambda: is_done(bus, tenant_id))
        assert await bus.parked(tenant_id) == [(None, "conflict")]
        assert await _names(bus, tenant_id) == ["ada"]
        await ask(bus, "redrive-conflicts", tenant_id)
        await eventually(lambda: is_parked(bus, tenant_id))
        assert await _names(bus, tenant_id) == ["ada", "other"]


async def test_a_conflict_ahead_of_its_turn_is_not_applied_when_it_is_redriven(bus: Bus) -> None:
    tenant_id = uuid7()
    async with running(bus.reader().run):
        await bus.send(raw(user_deleted(tenant_id), 1), raw(user_deleted(tenant_id, "early"), 4))
        await bus.send(raw(user_deleted(tenant_id, "other"), 4))
        held = [(4, "waiting"), (None, "conflict")]
        await eventually(lambda: is_parked(bus, tenant_id, *held))
        await ask(bus, "redrive-conflicts", tenant_id)
        await eventually(lambda: is_done(bus, tenant_id))
        assert await bus.parked(tenant_id) == held
        assert await _names(bus, tenant_id) == ["ada"]


def _refused(reason: str) -> float:
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        if metric.name == "refused_events"
        for sample in metric.samples
        if sample.name == "refused_events_total" and sample.labels["reason"] == reason
    )


async def _versions(bus: Bus, tenant_id: UUID, *versions: int) -> bool:
    rows = await bus.consumer.fetch(
        "SELECT version FROM effects WHERE tenant_id = $1 ORDER BY position", tenant_id
    )
    assert [row["version"] for row in rows] == list(versions)
    return True


async def _names(bus: Bus, tenant_id: UUID) -> list[str]:
    rows = await bus.consumer.fetch(
        "SELECT name FROM effects WHERE tenant_id = $1 ORDER BY position", tenant_id
    )
    return [row["name"] for row in rows]
