"""How fast the directory drains events that wait, as sets and one by one, in one run.

`python -m bench.drain` (with `tests` on the path) starts a PostgreSQL of its own and gives the
directory's real consumer the same events from a broker in memory, both ways in turn.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop

from bench.cpu import seconds_of
from chassis.bus import OutgoingRecord, Partition, encode_headers, partition_of, record_key
from chassis.clock import SystemClock
from chassis.database import create_pool, migrate, migration_directories
from chassis.ids import uuid7
from chassis.inbox import Consumer
from chassis.observe import configure_logging
from chassis.retry import every
from chassis.testing import LocalBroker
from contracts import scim
from contracts.base import Contract
from contracts.event import Event
from contracts.registry import EVENT_TYPES
from contracts.topics import SCIM_EVENTS
from embedded.logs import Logs
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from kernel.tenant import Package
from tenant_directory.domain.tenant import Role
from tenant_directory.events.outgoing import outgoing
from tenant_directory.storage.prepared import PREPARED_QUERIES
from tenant_directory.storage.unit_of_work import PostgresUnitsOfWork
from tenant_directory.usecases.tenants import CreateTenant
from tenant_directory.wiring import event_subscriptions

EVENTS = 1_500
ROUNDS = 3
TENANTS = 4
BUDGET_RATIO = 4.0
GIVE_UP_SECONDS = 300.0
TYPE_OF = {event_type.model: name for name, event_type in EVENT_TYPES.items()}


@dataclass(slots=True)
class Drained:
    """What one way has needed so far."""

    events: int = 0
    wall: float = 0.0
    worker: float = 0.0
    postgres: float = 0.0

    @property
    def per_second(self) -> float:
        """Events in a second."""
        return self.events / self.wall

    def __str__(self) -> str:
        """Return rate and cost of an event."""
        worker, postgres = (1000 * each / self.events for each in (self.worker, self.postgres))
        return (
            f"{self.per_second:.0f} events/s, CPU of an event: "
            f"worker {worker:.2f} ms, PostgreSQL {postgres:.2f} ms"
        )


def cycle(events: int) -> Iterator[Contract]:
    """Yield what an initial cycle and the changes after it look like."""
    groups = [uuid7() for _ in range(5)]
    for number, group_id in enumerate(groups):
        group = scim.ScimGroup(group_id=group_id, version=1, display_name=f"Group {number}")
        yield scim.ScimGroupCreated(group=group)
    users: list[UUID] = []
    for number in range(events - len(groups)):
        kind = number % 10
        if kind < 6 or len(users) < 3:
            users.append(uuid7())
            yield scim.ScimUserCreated(user=scim_user(users[-1], 1, len(users)))
        elif kind < 9:
            chosen = len(users) - kind + 5
            changed = scim_user(users[chosen - 1], 2, chosen, active=kind != 7)
            yield scim.ScimUserUpdated(user=changed)
        else:
            group_id = groups[number // 10 % len(groups)]
            yield scim.ScimGroupMembersChanged(group_id=group_id, added=users[-3:])


def scim_user(user_id: UUID, version: int, number: int, *, active: bool = True) -> scim.ScimUser:
    """Return a user with the attributes that Entra sends by default."""
    name = f"person{number}@acme.test"
    return scim.ScimUser(
        user_id=user_id,
        version=version,
        user_name=name,
        active=active,
        external_id=f"external-{number}",
        display_name=f"Person {number}",
        given_name="Person",
        family_name=str(number),
        email=name,
        attributes={"title": "Engineer", "department": "Research", "preferredLanguage": "en"},
    )


def records_of(tenant_id: UUID, data: Iterator[Contract]) -> list[OutgoingRecord]:
    """Return a tenant's events as the relay sends them."""
    partition = Partition(SCIM_EVENTS.name, partition_of(tenant_id, SCIM_EVENTS.partitions))
    now = SystemClock().now()
    records = []
    for sequence, each in enumerate(data, 1):
        event = Event(
            id=uuid7(),
            type=TYPE_OF[type(each)],
            source="/services/scim",
            subject=str(uuid7()),
            time=now,
            tenant_id=tenant_id,
            data=each,
            sequence=sequence,
            correlation_id=uuid7().hex,
        )
        key = record_key(SCIM_EVENTS, tenant_id, event.subject)
        value = each.model_dump_json().encode()
        records.append(OutgoingRecord(partition, key, value, encode_headers(event)))
    return records


async def create_tenants(pool: asyncpg.Pool, number: int) -> list[UUID]:
    """Create tenants as the directory does."""
    clock = SystemClock()
    uow = PostgresUnitsOfWork(clock, outgoing).on_pool(pool, committed=lambda: None)
    create = CreateTenant(uow, clock)
    tenants = [
        await create(
            f"t{uuid7().hex}", package=Package.BUSINESS, default_role=Role.MEMBER, actor="bench"
        )
        for _ in range(number)
    ]
    return [tenant.tenant_id for tenant in tenants]


async def drain(
    pool: asyncpg.Pool, server_pid: int, events: int, *, as_sets: bool, into: Drained
) -> None:
    """Let a consumer apply events that all wait when it begins."""
    clock = SystemClock()
    [scim_events, _] = event_subscriptions(clock)
    if not as_sets:
        scim_events = replace(scim_events, batch=None)
    broker = LocalBroker([SCIM_EVENTS])
    tenants = await create_tenants(pool, TENANTS)
    for tenant_id in tenants:
        for record in records_of(tenant_id, cycle(events // TENANTS)):
            broker.append(record)
    group = f"bench-{uuid7().hex}"
    consumer = Consumer(
        group=group,
        subscriptions=[scim_events],
        pool=pool,
        bootstrap="",
        receiver=lambda: broker.receiver(group, [SCIM_EVENTS.name]),
    )
    begun = time.perf_counter(), time.process_time(), seconds_of(server_pid)
    task = asyncio.create_task(consumer.run())
    await _applied(pool, group, tenants, events // TENANTS)
    into.wall += time.perf_counter() - begun[0]
    into.worker += time.process_time() - begun[1]
    into.postgres += seconds_of(server_pid) - begun[2]
    into.events += events // TENANTS * TENANTS
    task.cancel()
    await asyncio.wait([task])


async def _applied(pool: asyncpg.Pool, group: str, tenants: Sequence[UUID], each: int) -> None:
    query = "SELECT count(*) FROM inbox WHERE consumer_group = $1 AND last >= $2"
    async with asyncio.timeout(GIVE_UP_SECONDS):
        async for _ in every(0.01):
            if await pool.fetchval(query, group, each) == len(tenants):
                return


@asynccontextmanager
async def embedded_postgres(home: Path) -> AsyncIterator[PostgresServer]:
    """Run a server in a directory."""
    server = PostgresServer(
        data=home / "postgres",
        port=free_port(),
        password=secrets.token_urlsafe(16),
        logs=Logs(home / "logs"),
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def measure(events: int, rounds: int) -> tuple[Drained, Drained]:
    """Return what one by one and sets have needed, measured in turn."""
    single, sets = Drained(), Drained()
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as directory:
        home = Path(directory)
        async with embedded_postgres(home) as server:
            await migrate(server.dsn(), *migration_directories("tenant_directory"))
            pool = await create_pool(server.dsn(), size=4, warm=PREPARED_QUERIES)
            pid = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
            for _ in range(rounds):
                await drain(pool, pid, events, as_sets=False, into=single)
                await drain(pool, pid, events, as_sets=True, into=sets)
            await pool.close()
    return single, sets


def main() -> int:
    """Measure and print both ways and their ratio; 1 if it is below the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    configure_logging(service="bench", environment="test", level="error")
    single, sets = uvloop.run(measure(options.events, options.rounds))
    ratio = sets.per_second / single.per_second
    sys.stdout.write(
        f"The directory drains as sets {ratio:.1f} × as fast as one by one "
        f"(budget ≥ {BUDGET_RATIO:.0f} ×)\n  sets: {sets}\n  one by one: {single}\n"
    )
    return 0 if ratio >= BUDGET_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
