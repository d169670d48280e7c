"""Many events are given to the batch handlers of a subscription, one by one where that fails."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from chassis import context
from chassis.ids import uuid7
from chassis.inbox import Handlers
from contracts.event import Event
from support.bus import Bus, record_effect, record_effects, running, user_deleted
from support.waiting import eventually


async def test_events_that_wait_are_applied_as_a_batch(bus: Bus) -> None:
    sizes: list[int] = []
    causes: set[str] = set()

    @asynccontextmanager
    async def batch(
        events: Sequence[Event], connection: asyncpg.Connection
    ) -> AsyncIterator[Handlers]:
        sizes.append(sum(event.tenant_id == tenant_id for event in events))
        async with record_effects(events, connection) as handlers:

            async def handle(event: Event, connection: asyncpg.Connection) -> None:
                causes.add(context.current().correlation_id)
                await handlers[event.type](event, connection)

            yield dict.fromkeys(handlers, handle)

    tenant_id = uuid7()
    async with running(bus.relay().run):
        await bus.commit(*[user_deleted(tenant_id) for _ in range(120)])
        await eventually(lambda: _all_sent(bus), within=20)
    async with running(bus.reader(batch=batch).run):
        await eventually(lambda: _applied(bus, tenant_id, 120), within=20)
    assert await bus.effects(tenant_id) == list(range(1, 121))
    assert max(sizes) > 1
    assert len(causes) >= 120


async def test_a_failing_event_of_a_batch_is_parked_alone(bus: Bus) -> None:
    tenant_id, other, user_id = uuid7(), uuid7(), uuid7()

    async def refuse_poison(event: Event, connection: asyncpg.Connection) -> None:
        if getattr(event.data, "user_name", None) == "poison":
            raise RuntimeError("poison")
        await record_effect(event, connection)

    @asynccontextmanager
    async def batch(
        events: Sequence[Event], _connection: asyncpg.Connection
    ) -> AsyncIterator[Handlers]:
        yield {event.type: refuse_poison for event in events}

    async with running(bus.relay().run):
        for number in range(1, 21):
            name = "poison" if number == 10 else "ada"
            # Every third event is of the same user; one of those fails.
            of = user_id if number % 3 == 1 else None
            await bus.commit(user_deleted(tenant_id, name, user_id=of), user_deleted(other))
        await eventually(lambda: _all_sent(bus), within=20)
    async with running(bus.reader(refuse_poison, batch=batch).run):
        await eventually(lambda: _applied(bus, other, 20), within=20)
        await eventually(lambda: _applied(bus, tenant_id, 16), within=20)
        await eventually(lambda: _parked(bus, tenant_id, 4), within=20)
    held = [10, 13, 16, 19]
    assert await bus.effects(other) == list(range(1, 21))
    assert await bus.effects(tenant_id) == [n for n in range(1, 21) if n not in held]
    assert await bus.parked(tenant_id) == [(10, "failed"), *((n, "waiting") for n in held[1:])]


async def _applied(bus: Bus, tenant_id: object, number: int) -> bool:
    query = "SELECT count(*) FROM effects WHERE tenant_id = $1"
    return bool(await bus.consumer.fetchval(query, tenant_id) >= number)


async def _parked(bus: Bus, tenant_id: object, number: int) -> bool:
    query = "SELECT count(*) FROM parked_events WHERE tenant_id = $1"
    return bool(await bus.consumer.fetchval(query, tenant_id) >= number)


async def _all_sent(bus: Bus) -> bool:
    return not await bus.producer.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
