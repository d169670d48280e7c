"""Due re-checks of verified domains: how long one worker needs for 5,000 of them.

`python -m bench.domain_recheck` (with `tests` on the path) starts a PostgreSQL and a DNS zone of
its own, in which every answer takes 20 ms, and measures the worker's loop in this process. Each
re-check asks two resolvers for the record, and each of them for a random sibling of its name.
"""

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop

from chassis.clock import SystemClock
from chassis.database import DATABASE_FAILURES, create_pool, migrate, migration_directories
from chassis.ids import uuid7
from chassis.observe import configure_logging
from chassis.outbox import OutboxSignal
from chassis.service import Mode
from dns_sandbox.server import serving
from dns_sandbox.zone import Fault, FaultKind, Zone
from domain_verifier.domain.challenge import value_of
from domain_verifier.settings import Settings
from domain_verifier.storage.prepared import PREPARED_QUERIES
from domain_verifier.usecases.checks import CompletedCheck
from domain_verifier.usecases.due_checks import CheckDueClaims
from domain_verifier.wiring import make_adapters
from embedded.logs import Logs
from embedded.ports import free_port
from embedded.postgres import PostgresServer

CLAIMS = 5_000
ANSWER_SECONDS = 0.02
BUDGET_SECONDS = 60.0
GIVE_UP_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Recheck:
    """What was measured."""

    claims: int
    seconds: float
    cpu_ms: float
    """Processor time of the worker for each re-check."""
    outcomes: Counter[str]

    @property
    def per_second(self) -> float:
        """Re-checks in a second."""
        return self.claims / self.seconds

    @property
    def met(self) -> bool:
        """Whether all were found and the budget was kept."""
        return self.seconds < BUDGET_SECONDS and self.outcomes == {"present": self.claims}


def token_of(number: int) -> str:
    """Return the token of a claim, which worker and zone agree on."""
    return f"{number:032d}".translate(str.maketrans("0123456789", "abcdefghij"))


async def serve_zone(claims: int, seconds: float) -> None:
    """Serve all records from two ports, each answer after a wait; say the ports on one line."""
    zone = Zone()
    for number in range(claims):
        name = f"_portico-challenge.d{number}.test"
        zone.publish(name, "TXT", [value_of(token_of(number))])
    zone.set_fault("test", Fault(FaultKind.DELAY, seconds))
    async with serving(zone, host="127.0.0.1", ports=[0, 0]) as ports:
        sys.stdout.write(" ".join(str(port) for port in ports) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


@contextmanager
def zone_process(claims: int, seconds: float) -> Iterator[list[str]]:
    """Run the zone apart, so that its processor time is not the worker's."""
    argv = [sys.executable, "-m", "bench.domain_recheck", "--zone"]
    argv += ["--claims", str(claims), "--answer-ms", str(seconds * 1000)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        yield [f"127.0.0.1:{port}" for port in process.stdout.readline().split()]
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def add_claims(dsn: str, claims: int) -> None:
    """Insert verified claims, all due now."""
    tenant_id: UUID = uuid7()
    connection = await asyncpg.connect(dsn)
    try:
        now = await connection.fetchval("SELECT now()")
        columns = ["tenant_id", "claim_id", "domain", "registrable", "token", "state"]
        columns += ["created_at", "expires_at", "next_check_at", "verified_at", "last_outcome"]
        rows = [
            (tenant_id, uuid7(), name, name, token_of(number), "verified", *[now] * 4, "present")
            for number, name in enumerate(f"d{number}.test" for number in range(claims))
        ]
        await connection.copy_records_to_table("claims", records=rows, columns=columns)
    finally:
        await connection.close()


async def measure_recheck(dsn: str, *, claims: int, answer_seconds: float) -> Recheck:
    """Migrate the database, make the claims due, and work until none is."""
    await migrate(dsn, *migration_directories("domain_verifier"))
    await add_claims(dsn, claims)
    with zone_process(claims, answer_seconds) as resolvers:
        settings = Settings(
            environment="test",
            kafka_bootstrap_servers="127.0.0.1:9",
            database_url=dsn,
            dns_resolvers=",".join(resolvers),
            test_zones="test",
        )
        pool = await create_pool(dsn, size=Mode.WORK.pool_size(settings), warm=PREPARED_QUERIES)
        try:
            return await _work(settings, pool, claims)
        finally:
            await pool.close()


async def _work(settings: Settings, pool: asyncpg.Pool, claims: int) -> Recheck:
    adapters = make_adapters(settings, pool, OutboxSignal(), SystemClock())
    outcomes: Counter[str] = Counter()
    done = asyncio.Event()

    def note(completed: CompletedCheck) -> None:
        outcomes[completed.evidence.outcome.value] += 1
        if outcomes.total() == claims:
            done.set()

    run_check = replace(adapters.run_check, on_completed=note)
    work = CheckDueClaims(
        adapters.claims,
        run_check,
        adapters.review,
        adapters.clock,
        DATABASE_FAILURES,
        concurrency=settings.check_concurrency,
    )
    began, cpu = time.perf_counter(), time.process_time()
    task = asyncio.create_task(work.run())
    async with asyncio.timeout(GIVE_UP_SECONDS):
        await done.wait()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    task.cancel()
    await asyncio.wait([task])
    return Recheck(claims, seconds, cpu / claims * 1000, outcomes)


async def _measure_alone(claims: int, answer_seconds: float) -> Recheck:
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as directory:
        home = Path(directory)
        server = PostgresServer(
            data=home / "postgres",
            port=free_port(),
            password=secrets.token_urlsafe(16),
            logs=Logs(home / "logs"),
        )
        await server.start()
        try:
            return await measure_recheck(server.dsn(), claims=claims, answer_seconds=answer_seconds)
        finally:
            await server.stop()


def main() -> int:
    """Measure and print one line; 1 if the budget was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=CLAIMS)
    parser.add_argument("--answer-ms", type=float, default=ANSWER_SECONDS * 1000)
    parser.add_argument("--zone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    waits = timedelta(milliseconds=options.answer_ms).total_seconds()
    if options.zone:
        uvloop.run(serve_zone(options.claims, waits))
    configure_logging(service="bench", environment="test", level="warning")
    result = uvloop.run(_measure_alone(options.claims, waits))
    print(
        f"{result.claims} re-checks of domains in {result.seconds:.1f} s "
        f"(budget {BUDGET_SECONDS:.0f} s): {result.per_second:.0f}/s, "
        f"{result.cpu_ms:.2f} ms of processor each, {dict(result.outcomes)}"
    )
    return 0 if result.met else 1


if __name__ == "__main__":
    raise SystemExit(main())
