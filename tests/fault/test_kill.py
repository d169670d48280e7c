"""SIGKILL of relay and consumer at every named point, and at any other moment, under load.

What holds is checked against the workload's own list of acknowledged commits.
"""

import random
from functools import partial

import pytest

from fault.workload import Start, Workload
from support.bus import Bus
from support.processes import ServiceProcess
from support.waiting import eventually

SIGKILLED = -9
RELAY_POINTS = (
    "relay.numbered:5",
    "relay.before_send:5",
    "relay.after_send:5",
    "relay.before_mark:1",
    "relay.after_mark:5",
)
CONSUMER_POINTS = (
    "consumer.before_commit:20",
    "consumer.after_commit:20",
    "consumer.before_hint:1",
    "consumer.after_hint:1",
)


@pytest.mark.timeout(120)
async def test_a_relay_killed_at_any_point_loses_and_repeats_nothing(
    bus: Bus, start: Start
) -> None:
    start("consumer")
    async with Workload(bus) as load:
        for fault in RELAY_POINTS:
            await _dies(start("relay", fault=fault))
        relay = start("relay")
        await _kill_now_and_then(bus, start, "relay", relay, times=3)
        await load.stop()
        await eventually(load.drained, within=40)
        await load.check()


@pytest.mark.timeout(300)
async def test_a_consumer_killed_at_any_point_loses_and_repeats_nothing(
    bus: Bus, start: Start
) -> None:
    start("relay")
    async with Workload(bus) as load:
        for fault in CONSUMER_POINTS:
            await _dies(start("consumer", fault=fault))
        start("consumer")
        await load.stop()
        await eventually(load.drained, within=40)
        await load.check()


async def _dies(process: ServiceProcess) -> None:
    await eventually(lambda: process.returncode is not None, within=30)
    assert process.returncode == SIGKILLED, process.output


async def _kill_now_and_then(
    bus: Bus, start: Start, role: str, process: ServiceProcess, *, times: int
) -> None:
    for _ in range(times):
        sent = await bus.producer.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL")
        goal = sent + random.randint(100, 300)
        await eventually(partial(_sent, bus, goal), within=20)
        process.kill()
        process = start(role)


async def _sent(bus: Bus, goal: int) -> bool:
    query = "SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL"
    return bool(await bus.producer.fetchval(query) >= goal)
