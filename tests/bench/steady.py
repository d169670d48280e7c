"""Commit to visible, at a steady 300 events a second."""

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

from bench.load import Connection
from bench.measure import BenchError
from bench.phases import World, display_name_body
from demo.visibility import VisibilityProbe, probe_visibility
from entra_sandbox.request_log import percentile

EVENTS_PER_SECOND = 300
SETTLE_SECONDS = 60.0
DRAIN_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tenant's users become visible."""

    directory_dsn: str
    tenant_id: UUID


@dataclass(frozen=True, slots=True)
class Steady:
    """How long an answered change took until it was visible in the directory."""

    events: int
    per_second: float
    p50_ms: float
    p99_ms: float
    worst_ms: float


async def measure_steady(
    world: World, place: Place, *, seconds: float, rate: int = EVENTS_PER_SECOND
) -> Steady:
    """PATCH users at a steady rate and time every change until it is visible."""
    async with probe_visibility(place.directory_dsn, place.tenant_id) as probe:
        started = time.perf_counter()
        sent = await _send(world, probe, int(seconds * rate), rate)
        spent = time.perf_counter() - started
        if not await probe.wait_until_seen(SETTLE_SECONDS):
            raise BenchError(f"{probe.waiting} changes never became visible in the directory")
        times = probe.seconds
    return Steady(
        events=sent,
        per_second=sent / spent,
        p50_ms=percentile(times, 50) * 1000,
        p99_ms=percentile(times, 99) * 1000,
        worst_ms=max(times) * 1000,
    )


async def drained(world: World, place: Place) -> None:
    """Wait for a marker: a tenant's events are applied in order, so all before it are done."""
    world.turn += 1
    user, name = world.users[0], f"drained {world.turn}"
    async with probe_visibility(place.directory_dsn, place.tenant_id) as probe:
        request = world.client.request("PATCH", f"/Users/{user}", display_name_body(name))
        status, body = await world.client.one(request)
        if status >= 300:
            raise BenchError(f"the marker was refused: {status} {body[:200]!r}")
        probe.user_written(user, name, True, time.monotonic())
        if not await probe.wait_until_seen(DRAIN_SECONDS):
            raise BenchError(f"the directory had not caught up after {DRAIN_SECONDS:.0f} s")


async def _send(world: World, probe: VisibilityProbe, count: int, rate: int) -> int:
    gate = asyncio.Queue[Connection]()
    for connection in world.client.connections:
        gate.put_nowait(connection)
    start = time.monotonic()

    async def one(number: int, connection: Connection) -> None:
        user = world.users[number % min(len(world.users), 2_000)]
        name = f"steady {number}"
        request = world.client.request("PATCH", f"/Users/{user}", display_name_body(name))
        status, body = await connection.exchange(request)
        if status >= 300:
            raise BenchError(f"PATCH at a steady rate: {status} {body[:200]!r}")
        probe.user_written(user, name, True, time.monotonic())
        gate.put_nowait(connection)

    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            pause = start + number / rate - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
            tasks.create_task(one(number, await gate.get()))
    return count
