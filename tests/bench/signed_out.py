"""How long from `active=false` committed by the directory until somebody is out, everywhere.

`python -m bench.signed_out` (with `tests` on the path) starts a PostgreSQL and a Kafka of its own.
The directory's outbox and relay, `sso`'s consumer and relay, and the deny lists of two processes
run in this process. Measured is when `sso` finds the session no more (what `userinfo` and codes ask
for), and when a deny list refuses the user, and the session by `sso`'s own event.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson
import uvloop

from bench.drain import embedded_postgres
from bench.fairness import embedded_kafka, summary
from chassis.clock import SystemClock
from chassis.database import create_pool, migrate, migration_directories, transaction
from chassis.denied import DenyFeed, DenyList
from chassis.ids import uuid7
from chassis.inbox import Consumer
from chassis.observe import configure_logging
from chassis.outbox import OutboxSignal, Relay, enqueue, outbox_record
from chassis.retry import every
from contracts.directory import DirectoryUser
from embedded.postgres import PostgresServer
from sso.domain.login import Outcome, Session
from sso.domain.tokens import AccessIds
from sso.events.incoming import subscriptions
from sso.storage.sessions import PostgresSessions
from sso.wiring import event_use_cases
from tenant_directory.wiring import GATHER_SECONDS

ROUNDS = 200
PER_SECOND = 20.0
BUDGET_MS = 300.0
GIVE_UP_SECONDS = 10.0

PLACES = ("at sso", "at a service, user", "at a service, session")


@dataclass(slots=True)
class Deployment:
    """What runs."""

    directory: asyncpg.Pool
    sso: asyncpg.Pool
    signal: OutboxSignal
    lists: Sequence[DenyList]
    tenant_id: UUID = field(default_factory=uuid7)
    connection_id: UUID = field(default_factory=uuid7)

    async def say(self, user: DirectoryUser) -> None:
        """Commit a user's state as the directory does."""
        record = outbox_record(
            "directory.user.state.v1",
            tenant_id=self.tenant_id,
            subject=str(user.user_id),
            data=user,
            now=SystemClock().now(),
            version=user.version,
        )
        async with transaction(self.directory) as connection:
            await enqueue(connection, [record])
        self.signal.notify()


@asynccontextmanager
async def deployed(home: Path) -> AsyncIterator[Deployment]:
    """Run the servers, the directory's relay, the consumer and relay of sso, and two lists."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(embedded_postgres(home))
        bootstrap = await stack.enter_async_context(embedded_kafka(home))
        directory_dsn = await _database(server, "tenant_directory")
        sso_dsn = await _database(server, "sso")
        directory = await create_pool(directory_dsn, size=2)
        sso = await create_pool(sso_dsn, size=6)
        stack.push_async_callback(directory.close)
        stack.push_async_callback(sso.close)
        signal, sso_signal = OutboxSignal(GATHER_SECONDS), OutboxSignal()
        lists = [DenyList(), DenyList()]
        consumer = Consumer(
            group="sso",
            subscriptions=subscriptions(lambda db: event_use_cases(db, SystemClock())),
            pool=sso,
            bootstrap=bootstrap,
            signal=sso_signal,
        )
        loops = [
            Relay(dsn=directory_dsn, bootstrap=bootstrap, source="/services/d", signal=signal).run,
            Relay(dsn=sso_dsn, bootstrap=bootstrap, source="/services/sso", signal=sso_signal).run,
            consumer.run,
            *(DenyFeed(each, bootstrap).run for each in lists),
        ]
        tasks = [asyncio.ensure_future(loop()) for loop in loops]
        try:
            yield Deployment(directory, sso, signal, lists)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def _database(server: PostgresServer, package: str) -> str:
    connection = await asyncpg.connect(server.dsn())
    await connection.execute(f"CREATE DATABASE bench_{package}")
    await connection.close()
    dsn = server.dsn(f"bench_{package}")
    await migrate(dsn, *migration_directories(package))
    return dsn


async def measure(rounds: int, per_second: float) -> dict[str, list[float]]:
    """Return the milliseconds of each place."""
    taken: dict[str, list[float]] = {place: [] for place in PLACES}
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as directory:
        async with deployed(Path(directory)) as deployment:
            await _connection(deployment)
            await _until(lambda: all(each.caught_up for each in deployment.lists), 60)
            people = [await _signed_in(deployment) for _ in range(rounds)]
            async with asyncio.TaskGroup() as group:
                for user, session in people:
                    group.create_task(_one(deployment, user, session, taken))
                    await asyncio.sleep(1 / per_second)
    return taken


async def _connection(deployment: Deployment) -> None:
    await deployment.sso.execute(
        "INSERT INTO connections "
        "(tenant_id, id, name, kind, created_at, active, tested, suspended, version) "
        "VALUES ($1, $2, 'Entra', 'entra', now(), $3, true, false, 1)",
        deployment.tenant_id,
        deployment.connection_id,
        orjson.dumps({"entity_id": "x", "sso_url": "x", "certificates": []}).decode(),
    )


async def _signed_in(deployment: Deployment) -> tuple[DirectoryUser, Session]:
    user_id, now = uuid7(), SystemClock().now()
    user = DirectoryUser(
        user_id=user_id,
        version=1,
        user_name=f"{user_id}@corp.example",
        status="active",
        origin="scim",
        role="member",
    )
    await deployment.say(user)
    session = Session(
        deployment.tenant_id,
        uuid7(),
        user_id,
        deployment.connection_id,
        now,
        now + timedelta(hours=1),
        now + timedelta(hours=1),
    )
    outcome = Outcome(user_id, "address", None, None, None, None)
    sessions = PostgresSessions(deployment.sso)
    async with asyncio.timeout(GIVE_UP_SECONDS):
        async for _ in every(0.005):
            if await sessions.start(session, session.id.bytes, outcome, None):
                break
    return user, session


async def _one(
    deployment: Deployment, user: DirectoryUser, session: Session, taken: dict[str, list[float]]
) -> None:
    """Take somebody out and note when that is known where."""
    gone = user.model_copy(update={"status": "inactive", "version": 2})
    await deployment.say(gone)
    began = time.perf_counter()
    # As of a token of later: neither list is asked about its oldest tokens.
    asked = {"issued_at": SystemClock().now() + timedelta(hours=1)}
    sessions = PostgresSessions(deployment.sso)
    token = AccessIds(session.tenant_id, session.id, "app", uuid7())

    async def at_sso() -> None:
        async for _ in every(0.004):
            if not await sessions.find_by_token(token, session.authenticated_at):
                break

    async def note(place: str, known: Callable[[], bool] | None = None) -> None:
        await (at_sso() if known is None else _until(known, GIVE_UP_SECONDS))
        taken[place].append((time.perf_counter() - began) * 1000)

    async with asyncio.timeout(GIVE_UP_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(note(PLACES[0]))
        for each in deployment.lists:
            by_user = partial(each.refuses, session_id=None, user_id=session.user_id, **asked)
            by_session = partial(each.refuses, session_id=session.id, user_id=uuid7(), **asked)
            group.create_task(note(PLACES[1], by_user))
            group.create_task(note(PLACES[2], by_session))


async def _until(known: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        async for _ in every(0.002):
            if known():
                return


def main() -> int:
    """Print what was measured; 1 if the budget was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.signed_out", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="people who are taken out")
    parser.add_argument("--rate", type=float, default=PER_SECOND, help="of them a second")
    options = parser.parse_args()
    configure_logging(service="bench", environment="test", level="warning")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        taken = runner.run(measure(options.rounds, options.rate))
    print(f"{options.rounds} people at {options.rate:g}/s, load {os.getloadavg()[0]:.1f}")
    kept = True
    for place, milliseconds in taken.items():
        p50, p99, worst = summary(milliseconds)
        kept = kept and p99 <= BUDGET_MS
        print(f"  {place:24} p50 {p50:6.0f}  p99 {p99:6.0f}  worst {worst:6.0f} ms")
    print(f"  budget: p99 {BUDGET_MS:.0f} ms, {'kept' if kept else 'NOT KEPT'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
