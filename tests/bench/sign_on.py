"""What a sign-in costs the serving process, and how soon a disabled person is out.

`python -m bench.sign_on` (with `tests` on the path) runs a whole stack and plays browsers, an app
and an identity provider against it, step by step: each step for many sign-ins at once. Budgets are
multiples of bare work that is timed in the same run: verifying one signature, making two.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx
import uvloop
from rich.console import Console
from rich.table import Table

from bench.cpu import seconds_of
from bench.sign_on_floor import Floor, measure_floor
from bench.sign_on_trip import Place, Trip, client, connected
from bench.sql_counter import counting
from bench.sso_replica import replica
from demo.stack import Stack, interrupted_by_sigterm, running_stack
from entra_sandbox.request_log import percentile

SIGN_INS = 400
WARM_UP = 64
COUNTED = 40
CONCURRENCY = (16, 64)
LEAVERS = 100
REFUSED_BUDGET_MS = 300.0
REFUSED_WITHIN = 20.0
POLL_SECONDS = 0.002
STATEMENT_SLACK = 0.1

Step = Callable[[Trip, httpx.AsyncClient], Awaitable[None]]
STEPS: tuple[tuple[str, Step], ...] = (
    ("authorize: the login page", Trip.authorize),
    ("leave: an AuthnRequest", Trip.leave),
    ("ACS", Trip.post_response),
    ("back to the app, with a code", Trip.go_on),
    ("token: two signed tokens", Trip.redeem),
    ("userinfo", Trip.ask_user),
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What steps may cost together, as a multiple of bare work, and in statements."""

    name: str
    steps: tuple[str, ...]
    floor: Callable[[Floor], float]
    ratio: float
    statements: float


BUDGETS = (
    Budget("AuthnRequest", (STEPS[1][0],), lambda floor: floor.verify_ms, 1.5, 5),
    Budget("ACS until the code", (STEPS[2][0], STEPS[3][0]), lambda f: f.verify_ms, 6.0, 5),
    Budget("token", (STEPS[4][0],), lambda floor: floor.two_signatures_ms, 2.5, 4),
)


@dataclass(slots=True)
class Measured:
    """One step at one concurrency."""

    cpu_ms: float
    p50_ms: float
    p99_ms: float
    per_second: float


async def run_step(
    trips: Sequence[Trip], step: Step, http: httpx.AsyncClient, concurrency: int
) -> tuple[list[float], float]:
    """Let every trip take the step; return the seconds of each, and of all."""
    places, seconds = asyncio.Semaphore(concurrency), []

    async def take(trip: Trip) -> None:
        async with places:
            began = time.perf_counter()
            await step(trip, http)
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for trip in trips:
            tasks.create_task(take(trip))
    return seconds, time.perf_counter() - began


async def measure_steps(
    place: Place, pid: int, count: int, concurrency: int
) -> dict[str, Measured]:
    """Measure every step for people of a place."""
    trips = [Trip(place, place.people[number % len(place.people)]) for number in range(count)]
    return await measure_trips(trips, pid, concurrency)


async def measure_trips(trips: Sequence[Trip], pid: int, concurrency: int) -> dict[str, Measured]:
    """Measure every step; any answer that is not the wanted one ends the run."""
    measured: dict[str, Measured] = {}
    count = len(trips)
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with client(limits) as http:
        for name, step in STEPS:
            if step is Trip.post_response:
                # What the identity provider does is not measured.
                for trip in trips:
                    trip.answer()
            before = seconds_of(pid)
            seconds, spent = await run_step(trips, step, http, concurrency)
            measured[name] = Measured(
                (seconds_of(pid) - before) / count * 1000,
                percentile(seconds, 50) * 1000,
                percentile(seconds, 99) * 1000,
                count / spent,
            )
    return measured


async def count_statements(stack: Stack, place: Place) -> dict[str, float]:
    """Return the statements of each step, seen between a replica and its database."""
    async with (
        counting(str(stack.service("sso")["dsn"])) as counter,
        replica(stack, counter.dsn) as url,
        client() as http,
    ):
        there, counted = place.at(url), {}
        trips = [Trip(there, there.people[0]) for _ in range(COUNTED)]
        for name, step in STEPS:
            for trip in trips:
                if step is Trip.post_response:
                    trip.answer()
            # The first two warm what is kept in memory.
            for trip in trips[:2]:
                await step(trip, http)
            before = counter.statements
            for trip in trips[2:]:
                await step(trip, http)
            counted[name] = (counter.statements - before) / len(trips[2:])
    return counted


async def measure_refusals(place: Place, count: int) -> list[float]:
    """Disable people by SCIM one by one; return seconds from its answer until sso refuses."""
    found = []
    async with client() as http:
        for person in place.leavers[:count]:
            trip = Trip(place, person)
            for _, step in STEPS:
                if step is Trip.post_response:
                    trip.answer()
                await step(trip, http)
            await place.disable(http, person)
            answered = asked = time.monotonic()
            while (await trip.userinfo(http)).status_code != httpx.codes.UNAUTHORIZED:
                if asked > answered + REFUSED_WITHIN:
                    raise RuntimeError(f"{person.user_name} is not out")
                await asyncio.sleep(POLL_SECONDS)
                asked = time.monotonic()
            found.append(asked - answered)
    return found


async def measure(stack: Stack, sign_ins: int) -> bool:
    """Measure and print; tell whether every budget was kept."""
    place = await connected(stack, people=16, leavers=LEAVERS)
    pid = stack.process_id("sso", "sso-serve")
    floors = [measure_floor(place)]
    await measure_steps(place, pid, WARM_UP, CONCURRENCY[0])
    runs = {}
    for concurrency in CONCURRENCY:
        runs[concurrency] = await measure_steps(place, pid, sign_ins, concurrency)
        floors.append(measure_floor(place))
    statements = await count_statements(stack, place)
    refusals = await measure_refusals(place, LEAVERS)
    floor = Floor(
        sorted(each.verify_ms for each in floors)[len(floors) // 2],
        sorted(each.two_signatures_ms for each in floors)[len(floors) // 2],
    )
    return report(runs, statements, floor, refusals, sign_ins)


def report(
    runs: dict[int, dict[str, Measured]],
    statements: dict[str, float],
    floor: Floor,
    refusals: list[float],
    sign_ins: int,
) -> bool:
    """Print the tables; tell whether every budget was kept."""
    console = Console(width=120)
    table = Table(title=f"Sign-on: {sign_ins} sign-ins, step by step", title_justify="left")
    for heading in ("step", "at once", "CPU ms", "p50 ms", "p99 ms", "per second", "statements"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for concurrency, steps in runs.items():
        for name, step in steps.items():
            table.add_row(
                name,
                str(concurrency),
                f"{step.cpu_ms:.2f}",
                f"{step.p50_ms:.1f}",
                f"{step.p99_ms:.1f}",
                f"{step.per_second:.0f}",
                f"{statements[name]:.1f}",
            )
        whole = sum(step.cpu_ms for step in steps.values())
        table.add_row("whole sign-in", str(concurrency), f"{whole:.2f}", "", "", "", "")
    console.print(table)
    budgets = Table(title="Budgets", title_justify="left")
    for heading in ("what", "CPU ms", "floor ms", "ratio", "may", "statements", "may"):
        budgets.add_column(heading, justify="left" if heading == "what" else "right")
    kept = True
    steps = runs[CONCURRENCY[0]]
    for budget in BUDGETS:
        cpu, bare = sum(steps[name].cpu_ms for name in budget.steps), budget.floor(floor)
        count = sum(statements[name] for name in budget.steps)
        kept &= cpu / bare <= budget.ratio and count <= budget.statements + STATEMENT_SLACK
        budgets.add_row(
            budget.name,
            f"{cpu:.2f}",
            f"{bare:.3f}",
            f"{cpu / bare:.2f}",
            f"{budget.ratio:.1f}",
            f"{count:.1f}",
            f"{budget.statements:.0f}",
        )
    console.print(budgets)
    p99 = percentile(refusals, 99) * 1000
    kept &= p99 <= REFUSED_BUDGET_MS
    console.print(
        f"SCIM's answer to active=false → refused by sso, {len(refusals)} people: "
        f"p50 {percentile(refusals, 50) * 1000:.0f} ms, p99 {p99:.0f} ms "
        f"(budget {REFUSED_BUDGET_MS:.0f})"
    )
    return kept


def main() -> int:
    """Measure and print; 1 if a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sign-ins", type=int, default=SIGN_INS)
    options = parser.parse_args()
    with (
        interrupted_by_sigterm(),
        running_stack(apart=True, env={"LOG_LEVEL": "info"}) as stack,
    ):
        kept = uvloop.run(measure(stack, options.sign_ins))
    sys.stdout.write("every budget is kept\n" if kept else "over budget\n")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
