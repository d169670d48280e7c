"""A process that was stopped long enough to be replaced, and then goes on unaware."""

import os
import signal
from functools import partial

import pytest

from fault.workload import Start, Workload
from support.bus import Bus
from support.waiting import eventually


@pytest.mark.timeout(90)
async def test_a_stopped_relay_is_replaced_and_does_no_harm_when_it_wakes(
    bus: Bus, start: Start
) -> None:
    start("consumer")
    old = start("relay")
    async with Workload(bus) as load:
        await eventually(lambda: _sent_after(bus, 0), within=20)
        for _ in range(3):
            os.kill(old.pid, signal.SIGSTOP)
            new = start("relay")
            stopped_at = await _sent(bus)
            await eventually(partial(_sent_after, bus, stopped_at + 200), within=20)
            os.kill(old.pid, signal.SIGCONT)
            woken_at = await _sent(bus)
            await eventually(partial(_sent_after, bus, woken_at + 200), within=20)
            old.kill()
            old = new
        await load.stop()
        await eventually(load.drained, within=30)
        await load.check()


@pytest.mark.timeout(90)
async def test_a_stopped_consumer_is_fenced_when_it_wakes(bus: Bus, start: Start) -> None:
    start("relay")
    zombie = start("consumer")
    async with Workload(bus) as load:
        await eventually(lambda: _applied_after(bus, 200), within=20)
        os.kill(zombie.pid, signal.SIGSTOP)
        start("consumer")
        at = await _applied(bus)
        await eventually(lambda: _applied_after(bus, at + 200), within=40)
        os.kill(zombie.pid, signal.SIGCONT)
        at = await _applied(bus)
        await eventually(lambda: _applied_after(bus, at + 1_000), within=40)
        await load.stop()
        await eventually(load.drained, within=30)
        await load.check()
    assert zombie.returncode is None, zombie.output


async def _sent(bus: Bus) -> int:
    query = "SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL"
    return int(await bus.producer.fetchval(query))


async def _sent_after(bus: Bus, number: int) -> bool:
    return await _sent(bus) > number


async def _applied(bus: Bus) -> int:
    return int(await bus.consumer.fetchval("SELECT count(*) FROM effects"))


async def _applied_after(bus: Bus, number: int) -> bool:
    return await _applied(bus) > number
