"""Whether a sign-in costs the same in a deployment of many connections and people.

`python -m bench.sign_on_scale` (with `tests` on the path) signs people in on a new stack, fills its
database with 10,000 tenants of a connection and 100 bound people each, and signs in people of other
connections each time. Prints both and their ratio, and how much memory the serving process took.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.sign_on import STEPS, Measured, measure_trips
from bench.sign_on_trip import ENTRA_TENANT, Place, Trip, connected
from demo.stack import Stack, interrupted_by_sigterm, running_stack
from idp_sandbox.model import Person

CONNECTIONS, PEOPLE = 10_000, 100
TRIPS, ROUNDS, CONCURRENCY = 500, 3, 16
BUDGETED = (STEPS[0][0], STEPS[1][0], STEPS[2][0], STEPS[3][0])
RATIO = 1.2
MEMORY_MB = 200.0
SLICES = 20

# Ids and names by number, the same in SQL and here.
_FILL = (
    """
    INSERT INTO tenants
    SELECT (jsonb_populate_record(tenants, jsonb_build_object(
        'tenant_id', md5('tenant ' || n)::uuid, 'name', 'scale-' || n))).*
    FROM tenants, generate_series($2::int, $3::int) AS n
    WHERE tenants.tenant_id = $1
    """,
    """
    INSERT INTO domains (tenant_id, domain)
    SELECT md5('tenant ' || n)::uuid, 't' || n || '.scale.test'
    FROM generate_series($2::int, $3::int) AS n WHERE $1::uuid IS NOT NULL
    """,
    """
    INSERT INTO connections
    SELECT (jsonb_populate_record(connections, jsonb_build_object(
        'tenant_id', md5('tenant ' || n)::uuid, 'id', md5('connection ' || n)::uuid))).*
    FROM connections, generate_series($2::int, $3::int) AS n
    WHERE connections.tenant_id = $1
    """,
    """
    INSERT INTO connection_routes (tenant_id, domain, connection_id)
    SELECT md5('tenant ' || n)::uuid, '', md5('connection ' || n)::uuid
    FROM generate_series($2::int, $3::int) AS n WHERE $1::uuid IS NOT NULL
    """,
    """
    INSERT INTO users
    SELECT (jsonb_populate_record(users, jsonb_build_object(
        'tenant_id', md5('tenant ' || n)::uuid, 'id', md5('user ' || n || ' ' || p)::uuid,
        'user_name', 'p' || p || '@t' || n || '.scale.test',
        'user_name_key', 'p' || p || '@t' || n || '.scale.test',
        'external_id', md5('object ' || n || ' ' || p)::uuid))).*
    FROM users, generate_series($2::int, $3::int) AS n, generate_series(1, $4::int) AS p
    WHERE users.id = (SELECT id FROM users WHERE tenant_id = $1 LIMIT 1)
    """,
    """
    INSERT INTO bindings (tenant_id, connection_id, subject, user_id, created_at)
    SELECT md5('tenant ' || n)::uuid, md5('connection ' || n)::uuid,
        'entra:' || $5::text || '/' || md5('object ' || n || ' ' || p)::uuid,
        md5('user ' || n || ' ' || p)::uuid, now()
    FROM generate_series($2::int, $3::int) AS n, generate_series(1, $4::int) AS p
    WHERE $1::uuid IS NOT NULL
    """,
)


async def fill(dsn: str, tenant_id: UUID, connections: int, people: int) -> None:
    """Copy a tenant's connection so many times, each with people who have signed in before."""
    database = await asyncpg.connect(dsn, timeout=10, command_timeout=600)
    try:
        step = max(1, connections // SLICES)
        for first in track(range(1, connections + 1, step), "filling", transient=True):
            last = min(first + step - 1, connections)
            values = (tenant_id, first, last, people, ENTRA_TENANT)
            for statement in _FILL:
                used = 5 if "$5" in statement else 4 if "$4" in statement else 3
                await database.execute(statement, *values[:used])
        await database.execute("VACUUM ANALYZE")
    finally:
        await database.close()


async def trips_of(dsn: str, place: Place, numbers: range) -> list[Trip]:
    """Return a trip of somebody of each of these connections."""
    database = await asyncpg.connect(dsn, timeout=10)
    try:
        rows = await database.fetch(
            "SELECT n, md5('connection ' || n)::uuid AS connection,"
            " md5('object ' || n || ' 1')::uuid AS object FROM unnest($1::int[]) AS n",
            list(numbers),
        )
    finally:
        await database.close()
    own = place.application.acs_url.split("/saml/")[1].partition("/")[0]
    trips = []
    for row in rows:
        other, name = str(row["connection"]), f"p1@t{row['n']}.scale.test"
        application = replace(
            place.application,
            entity_id=place.application.entity_id.replace(own, other),
            acs_url=place.application.acs_url.replace(own, other),
        )
        person = Person(name, str(row["object"]), "P 1", name)
        trips.append(Trip(replace(place, application=application), person))
    return trips


def cheapest(rounds: list[dict[str, Measured]]) -> dict[str, float]:
    """Return the CPU of each step in its best round: others use the machine too."""
    return {name: min(each[name].cpu_ms for each in rounds) for name, _ in STEPS}


def peak_mb(pid: int) -> float:
    """Return the most memory that a process has had resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not tell")


async def measure(stack: Stack, connections: int, people: int) -> bool:
    """Measure and print; tell whether every budget was kept."""
    place = await connected(stack, people=16, leavers=1)
    dsn, pid = str(stack.service("sso")["dsn"]), stack.process_id("sso", "sso-serve")

    def again() -> list[Trip]:
        return [Trip(place, place.people[n % len(place.people)]) for n in range(TRIPS)]

    await measure_trips(again(), pid, CONCURRENCY)
    small = cheapest([await measure_trips(again(), pid, CONCURRENCY) for _ in range(ROUNDS)])
    await fill(dsn, UUID(place.tenant.tenant_id), connections, people)
    rounds = []
    for number in range(ROUNDS + 1):
        first = 1 + number * TRIPS % connections
        numbers = range(first, min(first + TRIPS, connections + 1))
        rounds.append(await measure_trips(await trips_of(dsn, place, numbers), pid, CONCURRENCY))
    return report(small, cheapest(rounds[1:]), peak_mb(pid), connections, people)


def report(
    small: dict[str, float], large: dict[str, float], memory: float, connections: int, people: int
) -> bool:
    """Print the table; tell whether every budget was kept."""
    title = f"A sign-in beside {connections:,} connections and {connections * people:,} people"
    table = Table(title=title, title_justify="left")
    for heading in ("step", "CPU ms, one connection", "CPU ms, among all", "ratio", "may"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    kept = memory <= MEMORY_MB
    for name, _ in STEPS:
        ratio = large[name] / small[name]
        kept &= ratio <= RATIO or name not in BUDGETED
        may = f"{RATIO:.1f}" if name in BUDGETED else ""
        table.add_row(name, f"{small[name]:.2f}", f"{large[name]:.2f}", f"{ratio:.2f}", may)
    console = Console(width=120)
    console.print(table)
    console.print(f"sso serve had {memory:.0f} MB at most (budget {MEMORY_MB:.0f})")
    return kept


def main() -> int:
    """Measure and print; 1 if a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--people", type=int, default=PEOPLE, help="of each connection")
    options = parser.parse_args()
    with (
        interrupted_by_sigterm(),
        running_stack(apart=True, env={"LOG_LEVEL": "info"}) as stack,
    ):
        kept = uvloop.run(measure(stack, options.connections, options.people))
    sys.stdout.write("every budget is kept\n" if kept else "over budget\n")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
