"""What a whole stack needs: memory, database connections, and bytes on disk for what is written.

`python -m bench.sizing` (with `tests` on the path) runs a stack, each service in processes of its
own, looks at it while it does nothing, then provisions users and groups and looks at every table
and topic. Nothing is judged; docs/operations.md says what follows for a size of customer.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import psutil
import uvloop

from bench.load import Client
from bench.phases import CORE_GROUP, World, display_name_body, members_body, user_body
from bench.run import client_of
from bench.steady import Place, drained
from bench.thin import name_of
from demo.stack import Stack, interrupted_by_sigterm, running_stack

USERS = 2_000
GROUPS = 20
UNLIMITED = "1000000"
_SIZES = """
SELECT relname, pg_total_relation_size(oid)
FROM pg_class
WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT relispartition
UNION ALL
SELECT parent.relname, sum(pg_total_relation_size(inhrelid))
FROM pg_inherits JOIN pg_class AS parent ON parent.oid = inhparent
WHERE parent.relkind = 'p'
GROUP BY 1
"""
_CONNECTIONS = """
SELECT coalesce(usename, 'server') AS role, count(*) AS number
FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1 ORDER BY 1
"""


def memory_of(supervisor: int) -> Mapping[str, float]:
    """Return MB of each process: what it shares with others counts for its part."""
    used: dict[str, float] = defaultdict(float)
    for process in psutil.Process(supervisor).children(recursive=True):
        used[name_of(process.cmdline())] += process.memory_full_info().pss / 1e6
    return used


async def sizes_of(stack: Stack) -> Mapping[str, float]:
    """Return bytes on disk by table (`scim.users`) and topic (`kafka.scim-events`)."""
    sizes: dict[str, float] = defaultdict(float)
    for name, service in stack.run["services"].items():
        connection = await asyncpg.connect(str(service["dsn"]))
        for table, size in await connection.fetch(_SIZES):
            sizes[f"{name}.{table}"] += float(size)
        await connection.close()
    for segment in Path(str(stack.run["data"])).glob("kafka/log/*/*.log"):
        topic = segment.parent.name.rpartition("-")[0]
        sizes[f"kafka.{topic}"] += segment.stat().st_blocks * 512
    return sizes


async def connections_of(stack: Stack) -> Sequence[tuple[str, int]]:
    """Return how many sessions each role has."""
    connection = await asyncpg.connect(str(stack.run["postgres"]["dsn"]))
    found = await connection.fetch(_CONNECTIONS)
    await connection.close()
    return [(row["role"], row["number"]) for row in found]


async def provision(client: Client, world: World) -> int:
    """Make users and groups with all of them as members, change each user once."""
    bodies = [user_body(f"sized{number}") for number in range(USERS)]
    made = await client.send([client.request("POST", "/Users", body) for body in bodies])
    world.users += [orjson.loads(body)["id"] for body in made.bodies]
    groups = [{"schemas": [CORE_GROUP], "displayName": f"Group {n}"} for n in range(GROUPS)]
    made = await client.send([client.request("POST", "/Groups", orjson.dumps(g)) for g in groups])
    share = USERS // GROUPS
    requests = [
        client.request("PATCH", f"/Groups/{group}", members_body("Add", members))
        for number, group in enumerate(orjson.loads(body)["id"] for body in made.bodies)
        for members in [world.users[number * share : (number + 1) * share]]
    ]
    requests += [
        client.request("PATCH", f"/Users/{user}", display_name_body(f"Changed {number}"))
        for number, user in enumerate(world.users)
    ]
    changed = await client.send(requests)
    return len(made.bodies) + len(changed.bodies) + len(world.users)


async def measure(stack: Stack) -> dict[str, Any]:
    """Return everything that was measured."""
    tenant = stack.make_tenant(f"sizing-{int(time.time()):x}")
    async with client_of(str(stack.service("scim")["url"]), tenant) as client:
        world = World(client)
        memory = memory_of(int(stack.run["supervisor"]["pid"]))
        connections = await connections_of(stack)
        before = await sizes_of(stack)
        writes = await provision(client, world)
        await drained(world, Place(stack.directory_dsn, UUID(tenant.tenant_id)))
        after = await sizes_of(stack)
    grown = {name: size - before.get(name, 0.0) for name, size in after.items()}
    return {"memory": memory, "connections": connections, "writes": writes, "grown": grown}


def main() -> int:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    settings = {
        "SCIM_TENANT_REQUESTS_PER_SECOND": UNLIMITED,
        "SCIM_TENANT_BYTES_PER_SECOND": f"{UNLIMITED}000",
    }
    with interrupted_by_sigterm(), running_stack(apart=True, env=settings) as stack:
        found = uvloop.run(measure(stack))
    say = sys.stdout.write
    say(f"Memory at rest: {sum(found['memory'].values()):.0f} MB\n")
    for name, used in sorted(found["memory"].items(), key=lambda item: -item[1]):
        say(f"  {name:<40} {used:6.0f} MB\n")
    say("Database sessions at rest: ")
    say(", ".join(f"{role} {number}" for role, number in found["connections"]) + "\n")
    grown, writes = found["grown"], found["writes"]
    say(
        f"Bytes on disk after {writes} writes ({USERS} users, {GROUPS} groups): "
        f"{sum(grown.values()) / writes:,.0f} for each\n"
    )
    for name, size in sorted(grown.items(), key=lambda item: -item[1]):
        if size > writes:
            say(f"  {name:<40} {size / writes:8,.0f}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
