"""One whole run of the bench on one stack."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from rich.console import Console

from bench.floor import floor_server, free_port, wait_for_port
from bench.load import Client
from bench.measure import Side, count_statements, run_all
from bench.phases import World
from bench.sql_counter import counting
from bench.steady import Place, drained, measure_steady
from bench.table import Results
from demo.stack import Stack, Tenant
from embedded.processes import die_with_parent

MEMBERS_OF_FLOOR = 20_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    members: int
    share: float
    steady_seconds: float
    floor: bool


async def run_bench(console: Console, stack: Stack, plan: Plan) -> Results:
    """Measure the service and the floor in turn, its way to the directory, and its statements."""
    tenant = stack.make_tenant(f"bench-{int(time.time()):x}")
    scim = stack.service("scim")
    pid = serving_process(stack)

    def say(text: str) -> None:
        console.print(f"  [dim]{text}[/]")

    console.print("[bold]SCIM and its floor, in turn[/]")
    load = os.getloadavg()[0]
    place = Place(stack.directory_dsn, UUID(tenant.tenant_id))

    async def quiet(world: World) -> None:
        await drained(world, place)

    steady = None
    async with (
        client_of(str(scim["url"]), tenant) as client,
        _floor(str(scim["migration_env"]["SCIM_MIGRATION_DATABASE_URL"]), plan) as floor,
    ):
        world = World(client)
        service = Side("scim", world, pid, plan.members, quiet, workers(stack))
        sides = [service, *([floor] if floor else [])]
        await run_all(sides, share=plan.share, say=say)
        if plan.steady_seconds:
            console.print("[bold]The way to the directory[/]")
            await quiet(world)
            steady = await measure_steady(world, place, seconds=plan.steady_seconds)
    console.print("[bold]Statements[/]")
    async with (
        counting(str(scim["dsn"])) as counter,
        _serving(stack, counter.dsn) as url,
        client_of(url, tenant) as client,
    ):
        world.client = client
        statements = await count_statements(client, world, lambda: counter.statements)
    setup = {"members": plan.members, "share": plan.share, "cpus": os.cpu_count(), "load": load}
    return Results(service.measured, floor.measured if floor else [], statements, steady, setup)


@asynccontextmanager
async def _floor(dsn: str, plan: Plan) -> AsyncIterator[Side | None]:
    if not plan.floor:
        yield None
        return
    members = min(plan.members, MEMBERS_OF_FLOOR)
    async with floor_server(dsn) as (host, port, pid), Client(host, port) as client:
        yield Side("floor", World(client), pid, members)


def serving_process(stack: Stack) -> int:
    """Return the process that answers, whether or not it also works."""
    names = [process["name"] for process in stack.service("scim")["processes"]]
    return stack.process_id("scim", "scim-serve" if "scim-serve" in names else names[0])


def workers(stack: Stack) -> list[int]:
    """Return the processes that publish what the serving one writes.

    With them all the rest of the stack would work beside the server on the same cores, and double
    what it seems to need. What all of them cost together is measured apart.
    """
    names = [process["name"] for process in stack.service("scim")["processes"]]
    return [stack.process_id("scim", name) for name in names if name == "scim-work"]


def client_of(url: str, tenant: Tenant) -> Client:
    """Return a client of this tenant on the server at this URL."""
    place = urlsplit(url)
    prefix = urlsplit(tenant.scim_url).path
    return Client(place.hostname or "", place.port or 80, token=tenant.token, prefix=prefix)


@asynccontextmanager
async def _serving(stack: Stack, dsn: str) -> AsyncIterator[str]:
    """Serve SCIM in one more process whose statements are counted."""
    port = free_port()
    settings = {
        "SCIM_DATABASE_URL": dsn,
        "SCIM_HTTP_PORT": str(port),
        "SCIM_METRICS_PORT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        *die_with_parent([sys.executable, "-m", "scim", "serve"], death_signal=signal.SIGTERM),
        env={**os.environ, **stack.service("scim")["env"], **settings},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await wait_for_port("127.0.0.1", port, within=30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
