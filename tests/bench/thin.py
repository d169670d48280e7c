"""What an event costs where little happens: 50 changes a second, and nothing at all.

`python -m bench.thin` (with `tests` on the path) runs a whole stack, each service in processes of
its own, and adds up the processor time of everything in it: services, Kafka and PostgreSQL. The
time until changes are visible is measured afterwards, since its probe costs PostgreSQL as well.
"""

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from uuid import UUID

import psutil
import uvloop

from bench.load import Client
from bench.phases import World, display_name_body, user_body
from bench.run import client_of
from bench.steady import Place, Steady, drained, measure_steady
from demo.stack import Stack, interrupted_by_sigterm, running_stack

PER_SECOND = 50
SECONDS = 20.0
USERS = 200
BUDGET_CPU_MS = 10.0
BUDGET_P50_MS = 40.0
SERVERS = {"java": "Kafka", "postgres": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Thin:
    """What was measured."""

    idle_cores: Mapping[str, float]
    """Of each process, while nothing happened."""
    event_ms: Mapping[str, float]
    """Processor time of each process for one event."""
    visible: Steady


def cpu_by_process(supervisor: int) -> dict[str, float]:
    """Return seconds of processor time by what a process is; only of what the supervisor runs."""
    spent: dict[str, float] = defaultdict(float)
    for process in psutil.Process(supervisor).children(recursive=True):
        try:
            times, command = process.cpu_times(), process.cmdline()
        except psutil.NoSuchProcess:
            continue
        # A backend of PostgreSQL has become the child of its postmaster, and counts there.
        spent[name_of(command)] += times.user + times.system
    return spent


def name_of(command: list[str]) -> str:
    """Return what a process is by its command: a service and its mode, or a server."""
    program = (command[0] if command else "").rpartition("/")[2].partition(":")[0]
    if "-m" in command:
        return " ".join(command[command.index("-m") + 1 :][:2])
    return SERVERS.get(program, program or "ended")


async def measure(stack: Stack, seconds: float) -> Thin:
    """Measure a stack that does nothing, then one that does little."""
    tenant = stack.make_tenant(f"thin-{int(time.time()):x}")
    supervisor = int(stack.run["supervisor"]["pid"])
    place = Place(stack.directory_dsn, UUID(tenant.tenant_id))
    async with client_of(str(stack.service("scim")["url"]), tenant) as client:
        world = World(client)
        bodies = [user_body(f"thin{number}") for number in range(USERS)]
        made = await client.send([client.request("POST", "/Users", body) for body in bodies])
        world.users += [body.split(b'"id":"', 1)[1][:36].decode() for body in made.bodies]
        await drained(world, place)
        # The statistics, the token's last use and the like come some seconds after.
        await asyncio.sleep(6)
        idle = await _spent(supervisor, asyncio.sleep(seconds / 2))
        count = int(seconds * PER_SECOND)
        busy = await _spent(supervisor, _send(client, world, count))
        await drained(world, place)
        visible = await measure_steady(world, place, seconds=seconds / 2, rate=PER_SECOND)
    return Thin(
        {name: spent / (seconds / 2) for name, spent in idle.items()},
        {name: spent / count * 1000 for name, spent in busy.items()},
        visible,
    )


async def _spent(supervisor: int, work: Awaitable[object]) -> dict[str, float]:
    before = cpu_by_process(supervisor)
    await work
    return {name: spent - before[name] for name, spent in cpu_by_process(supervisor).items()}


async def _send(client: Client, world: World, count: int) -> None:
    """PATCH one user after the other at the steady rate."""
    begun = time.monotonic()
    for number in range(count):
        pause = begun + number / PER_SECOND - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        body = display_name_body(f"thin {number}")
        status, answer = await client.one(
            client.request("PATCH", f"/Users/{world.users[number % USERS]}", body)
        )
        if status >= 300:
            raise RuntimeError(f"PATCH: {status} {answer[:200]!r}")


def main() -> int:
    """Measure and print; 1 if an event costs more, or takes longer, than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    with (
        interrupted_by_sigterm(),
        running_stack(apart=True, env={"LOG_LEVEL": "info"}) as stack,
    ):
        result = uvloop.run(measure(stack, options.seconds))
    event_ms = sum(result.event_ms.values())
    visible = result.visible
    sys.stdout.write(
        f"At {PER_SECOND} events/s an event costs {event_ms:.1f} ms of processor in all processes "
        f"(budget {BUDGET_CPU_MS:.0f}); visible after p50 {visible.p50_ms:.0f} ms "
        f"(budget {BUDGET_P50_MS:.0f}), p99 {visible.p99_ms:.0f} ms; idle "
        f"{sum(result.idle_cores.values()):.3f} cores\n"
    )
    for name, spent in sorted(result.event_ms.items(), key=lambda item: -item[1]):
        idle = result.idle_cores.get(name, 0.0)
        sys.stdout.write(f"  {name:<28} {spent:5.2f} ms an event, idle {idle:.3f} cores\n")
    return 0 if event_ms <= BUDGET_CPU_MS and visible.p50_ms <= BUDGET_P50_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
