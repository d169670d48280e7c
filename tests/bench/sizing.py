"""What a whole stack needs: memory, processor, database connections, and bytes on disk.

`python -m bench.sizing` (with `tests` on the path) runs a stack, each service in processes of its
own, looks at it while it does nothing, then provisions a few tenants and looks at every table and
topic. Nothing is judged; docs/operations.md says what follows for a size of customer.
"""

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson
import psutil
import uvloop

from bench.load import Client
from bench.phases import CORE_GROUP, World, display_name_body, members_body, user_body
from bench.run import client_of
from bench.sizing_table import Session, Sizes, print_sizes
from bench.steady import Place, drained
from bench.thin import cpu_by_process, name_of
from demo.stack import Stack, Tenant, interrupted_by_sigterm, running_stack

TENANTS = 3
USERS = 1_000
GROUPS = 10
IDLE_SECONDS = 15.0
SETTLE_SECONDS = 6.0
UNLIMITED = "1000000"
_SIZES = """
SELECT relname, pg_total_relation_size(oid)
FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relispartition
UNION ALL
SELECT parent.relname, sum(pg_total_relation_size(inhrelid))
FROM pg_inherits JOIN pg_class AS parent ON parent.oid = inhparent
WHERE parent.relkind = 'p'
GROUP BY 1
"""
_SESSIONS = """
SELECT usename AS role, count(*) AS open,
    count(*) FILTER (WHERE query_start >= $1) AS used
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """MB of a process, or of all of a server's."""

    resident: float
    proportional: float
    """What it shares with others counts for its part."""


def memory_of(supervisor: int) -> Mapping[str, Memory]:
    """Return the memory of each process of the stack."""
    used: dict[str, Memory] = {}
    for process in psutil.Process(supervisor).children(recursive=True):
        try:
            name, info = name_of(process.cmdline()), process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        before = used.get(name, Memory(0, 0))
        used[name] = Memory(before.resident + info.rss / 1e6, before.proportional + info.pss / 1e6)
    return used


async def idle_cores(supervisor: int, seconds: float) -> Mapping[str, float]:
    """Return the cores that each process takes while nothing happens."""
    before = cpu_by_process(supervisor)
    await asyncio.sleep(seconds)
    after = cpu_by_process(supervisor)
    return {name: (spent - before.get(name, 0.0)) / seconds for name, spent in after.items()}


async def bytes_on_disk(stack: Stack) -> Mapping[str, float]:
    """Return bytes by table with its indexes (`scim.users`) and topic (`kafka.scim-events`)."""
    sizes: dict[str, float] = defaultdict(float)
    for name, service in stack.run["services"].items():
        connection = await asyncpg.connect(str(service["dsn"]), timeout=10)
        for table, size in await connection.fetch(_SIZES):
            sizes[f"{name}.{table}"] += float(size)
        await connection.close()
    for segment in Path(str(stack.run["data"])).glob("kafka/log/*/*.log"):
        topic = segment.parent.name.rpartition("-")[0]
        if not topic.startswith("__"):
            sizes[f"kafka.{topic}"] += segment.stat().st_blocks * 512
    return sizes


async def now_and_sessions(stack: Stack, since: datetime | None) -> tuple[datetime, list[Session]]:
    """Return the server's time and how many sessions each role has, used since a moment or not."""
    connection = await asyncpg.connect(str(stack.run["postgres"]["dsn"]), timeout=10)
    now: datetime = await connection.fetchval("SELECT now()")
    found = await connection.fetch(_SESSIONS, since or now)
    await connection.close()
    return now, [Session(row["role"], row["open"], row["used"]) for row in found]


async def provision(stack: Stack, tenant: Tenant) -> int:
    """Make users and groups with all of them as members, change each user once; return writes."""
    async with client_of(str(stack.service("scim")["url"]), tenant) as client:
        world = World(client)
        bodies = [user_body(f"sized{number}") for number in range(USERS)]
        world.users += await _made(client, "/Users", bodies)
        names = [f"Group {number}" for number in range(GROUPS)]
        groups = await _made(
            client,
            "/Groups",
            [orjson.dumps({"schemas": [CORE_GROUP], "displayName": name}) for name in names],
        )
        requests = [
            client.request("PATCH", f"/Groups/{group}", members_body("Add", world.users[n::GROUPS]))
            for n, group in enumerate(groups)
        ]
        requests += [
            client.request("PATCH", f"/Users/{user}", display_name_body(f"Changed {number}"))
            for number, user in enumerate(world.users)
        ]
        changed = await client.send(requests)
        if changed.failures:
            raise RuntimeError(f"PATCH: {changed.failures[0]}")
        await drained(world, Place(stack.directory_dsn, UUID(tenant.tenant_id)))
        return len(world.users) + len(groups) + len(requests)


async def _made(client: Client, path: str, bodies: Sequence[bytes]) -> list[str]:
    answers = await client.send([client.request("POST", path, body) for body in bodies])
    if answers.failures:
        raise RuntimeError(f"POST {path}: {answers.failures[0]}")
    return [orjson.loads(body)["id"] for body in answers.bodies]


async def measure(stack: Stack) -> Sizes:
    """Return everything that was measured."""
    tenants = [stack.make_tenant(f"sizing-{n}-{int(time.time()):x}") for n in range(TENANTS)]
    supervisor = int(stack.run["supervisor"]["pid"])
    await asyncio.sleep(SETTLE_SECONDS)
    cores = await idle_cores(supervisor, IDLE_SECONDS)
    memory = memory_of(supervisor)
    before = await bytes_on_disk(stack)
    begun, _ = await now_and_sessions(stack, None)
    started, spent = time.monotonic(), sum(cpu_by_process(supervisor).values())
    writes = sum(await asyncio.gather(*(provision(stack, tenant) for tenant in tenants)))
    seconds, spent = time.monotonic() - started, sum(cpu_by_process(supervisor).values()) - spent
    _, sessions = await now_and_sessions(stack, begun)
    after = await bytes_on_disk(stack)
    return Sizes(
        users=TENANTS * USERS,
        writes=writes,
        seconds=seconds,
        processor=spent,
        cores=cores,
        resident={name: used.resident for name, used in memory.items()},
        proportional={name: used.proportional for name, used in memory.items()},
        proportional_after={
            name: used.proportional for name, used in memory_of(supervisor).items()
        },
        sessions=sessions,
        grown={name: size - before.get(name, 0.0) for name, size in after.items()},
    )


def main() -> int:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    settings = {
        "SCIM_TENANT_REQUESTS_PER_SECOND": UNLIMITED,
        "SCIM_TENANT_BYTES_PER_SECOND": f"{UNLIMITED}000",
    }
    with interrupted_by_sigterm(), running_stack(apart=True, env=settings) as stack:
        sizes = uvloop.run(measure(stack))
    print_sizes(sizes, sys.stdout.write)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
