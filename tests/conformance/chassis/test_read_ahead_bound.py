"""A consumer asks for no more while too many bytes wait, and goes on once they are done."""

import asyncio
from typing import Any

import asyncpg

from chassis.ids import uuid7
from chassis.inbox.read_ahead import ReadAheadBudget
from contracts.event import Event
from support.bus import Bus, record_effect, running, user_deleted
from support.waiting import eventually

NAME = "n" * 20_000
EVENTS = 300
LIMIT = 100 * 20_000
MOST_AT_ONCE = 110 * 22_000
"""What one read brings beyond the limit: a mebibyte from Kafka, 100 records from its stand-in."""


async def test_what_waits_in_memory_is_bounded_in_bytes(bus: Bus) -> None:
    tenant = uuid7()
    budget = ReadAheadBudget(limit=LIMIT, share=100_000)
    most, at_work, go_on = 0, asyncio.Event(), asyncio.Event()

    async def slow(event: Event, connection: asyncpg.Connection) -> None:
        nonlocal most
        most = max(most, budget.used)
        at_work.set()
        await go_on.wait()
        await record_effect(event, connection)

    for at in range(0, EVENTS, 50):
        await bus.commit(*[user_deleted(tenant, NAME) for _ in range(min(50, EVENTS - at))])
    async with running(bus.relay().run):
        await eventually(lambda: _all_sent(bus), within=30)
    consumer = bus.reader(slow, budget=budget)
    async with running(consumer.run):
        await asyncio.wait_for(at_work.wait(), 20)
        await eventually(lambda: _is_paused(consumer), within=20)
        for _ in range(200):
            # What would be read in spite of that is there by now.
            await asyncio.sleep(0)
        assert LIMIT < budget.used <= LIMIT + MOST_AT_ONCE
        go_on.set()
        await eventually(lambda: _applied(bus, tenant), within=40)
    assert await bus.effects(tenant) == list(range(1, EVENTS + 1))
    assert most <= LIMIT + MOST_AT_ONCE
    assert budget.used == 0
    assert EVENTS * len(NAME) > 2 * LIMIT, "all of it would not have fitted"


def _is_paused(consumer: Any) -> bool:
    return any(worker._paused for worker in consumer._workers.values())


async def _applied(bus: Bus, tenant: Any) -> bool:
    return len(await bus.effects(tenant)) == EVENTS


async def _all_sent(bus: Bus) -> bool:
    return not await bus.producer.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
