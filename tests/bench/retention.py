"""How fast what is old goes, and what whoever writes meanwhile feels of it.

`python -m bench.retention` (with `tests` on the path) starts a PostgreSQL of its own: a million
entries of the audit log become its first month (migration 1004) and a month of as many is dropped;
sent events and rows of the provisioning log are removed while four connections write events.
Nothing is judged; ADR 0010 says what follows.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

import asyncpg
import uvloop

import tenant_directory
from bench.drain import embedded_postgres, scim_user
from chassis.clock import SystemClock
from chassis.database import create_pool, migrate, migration_directories, transaction
from chassis.ids import uuid7
from chassis.observe import configure_logging
from chassis.outbox import OutboxRecord, enqueue, outbox_record
from chassis.outbox.store import RelayStore
from contracts.scim import ScimUserUpdated
from scim.storage.log_entries import PostgresLogEntries
from tenant_directory.storage.audit_log import PostgresAuditLogMonths

ENTRIES = 1_000_000
ROWS = 200_000
TENANTS = 100
WRITERS = 4
PAUSE = 0.02
MIGRATIONS = Path(tenant_directory.__file__).parent / "storage" / "migrations"
MINUTES = 600.0
_BEFORE = """
DROP TABLE audit_log; DROP FUNCTION keep_audit_log; DROP FUNCTION refuse_audit_log_change CASCADE
"""
_TENANTS = """
INSERT INTO tenants (tenant_id, name, package, status, default_role, invitations_enabled, version,
    created_at, updated_at)
SELECT gen_random_uuid(), 't' || n, 'business', 'active', 'member', true, 1, now(), now()
FROM generate_series(1, $1) AS n
"""
_ENTRIES = """
INSERT INTO audit_log (tenant_id, at, actor, action, subject, details)
SELECT tenant_id, $2::timestamptz + make_interval(secs => n * 2), 'scim', 'user.updated',
    gen_random_uuid()::text, '{"changed": ["display_name", "title"], "source": "entra"}'
FROM generate_series(1, $1) AS n
JOIN (SELECT tenant_id, row_number() OVER () - 1 AS number FROM tenants) AS t
    ON number = n % (SELECT count(*) FROM tenants)
"""
_LONG_AGO = "SELECT date_trunc('month', now()) - interval '16 months'"
_LOG_ROWS = """
INSERT INTO provisioning_log (tenant_id, id, occurred_at, operation, resource_type, resource_id,
    resource_name, status, correlation_id)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n % $2), 12, '0'))::uuid,
    (lpad(to_hex((extract(epoch FROM now() - interval '40 days') * 1000)::bigint + n), 12, '0')
        || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
    now() - interval '40 days', 'patch_user', 'User', gen_random_uuid()::text,
    'someone' || n || '@bench.example', 200, gen_random_uuid()::text
FROM generate_series(1, $1) AS n
"""


async def measure(entries: int, rows: int, say: Callable[[str], object]) -> None:
    """Measure everything and say it."""
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as directory:
        async with embedded_postgres(Path(directory)) as server:
            await migrate(server.dsn(), *migration_directories("tenant_directory"))
            async with _connected(server.dsn()) as connection:
                await connection.execute("CREATE DATABASE bench_scim")
                await connection.execute(_TENANTS, TENANTS)
                await measure_audit_log(server.dsn(), connection, entries, say)
            dsn = server.dsn("bench_scim")
            await migrate(dsn, *migration_directories("scim"))
            await measure_rows(dsn, rows, say)


async def measure_audit_log(
    dsn: str, connection: asyncpg.Connection, entries: int, say: Callable[[str], object]
) -> None:
    """Say how long migration 1004 takes, and what a month costs that is dropped, or deleted."""
    await connection.execute(_BEFORE)
    await connection.execute(_up("1002_audit_log.sql"))
    start = await connection.fetchval("SELECT now() - make_interval(secs => $1 * 2 + 1)", entries)
    await connection.execute(_ENTRIES, entries, start)
    await connection.execute("CHECKPOINT")
    seconds, written = await _cost(
        connection, connection.execute(_up("1004_audit_log_partitions.sql"))
    )
    say(f"Migration 1004 over {entries:,} entries: {seconds:.2f} s, {written:,.1f} MB of WAL\n")
    await connection.execute("DROP TABLE audit_log CASCADE; DROP FUNCTION keep_audit_log")
    await connection.execute("DROP FUNCTION refuse_audit_log_change")
    await connection.execute(_up("1002_audit_log.sql"))
    await connection.execute(_up("1004_audit_log_partitions.sql"))
    await connection.execute(_ENTRIES, entries, await connection.fetchval(_LONG_AGO))
    seconds, written = await _cost(
        connection, connection.execute("SELECT * FROM keep_audit_log(36500)")
    )
    say(f"  {entries:,} entries from the default to their month: {seconds:.2f} s, ")
    say(f"{written:,.1f} MB of WAL\n")
    await connection.execute("CREATE TABLE copy (LIKE audit_log INCLUDING ALL)")
    await connection.execute("INSERT INTO copy OVERRIDING SYSTEM VALUE SELECT * FROM audit_log")
    await connection.execute("CHECKPOINT")
    pool = await create_pool(dsn, size=1)
    seconds, written = await _cost(connection, PostgresAuditLogMonths(pool).keep(400))
    await pool.close()
    say(f"  dropping that month: {seconds:.2f} s, {written:,.1f} MB of WAL\n")
    await connection.execute("CHECKPOINT")
    seconds, written = await _cost(connection, connection.execute("DELETE FROM copy"))
    say(f"  deleting as many entries: {seconds:.2f} s, {written:,.1f} MB of WAL\n")


async def measure_rows(dsn: str, rows: int, say: Callable[[str], object]) -> None:
    """Say how fast rows go of the outbox and of the provisioning log, beside writers."""
    pool = await create_pool(dsn, size=WRITERS + 2)
    idle = await _beside_writers(pool, asyncio.sleep(5))
    say(f"Four writers of events alone: {_latencies(idle)}\n")
    async with _connected(dsn) as connection:
        await _fill_outbox(connection, rows)
        before = await _table_mb(connection, "outbox")
        removed, seconds, times = await _timed(pool, lambda: _prune_outbox(dsn, pool))
        say(
            f"Sent events: {removed:,} removed in {seconds:.1f} s, {removed / seconds:,.0f}/s; "
            f"the writers: {_latencies(times)}\n"
        )
        await connection.execute("VACUUM outbox")
        await _fill_outbox(connection, rows)
        again = await _table_mb(connection, "outbox")
        say(f"  the outbox had {before:.0f} MB, and has {again:.0f} with as many events again\n")
        await connection.execute(_LOG_ROWS, rows, TENANTS)
        await connection.execute("VACUUM ANALYZE provisioning_log")
        entries = PostgresLogEntries(pool)
        limit = SystemClock().now() - timedelta(days=30)
        removed, seconds, times = await _timed(pool, lambda: entries.prune(limit))
        say(
            f"Provisioning log: {removed:,} removed in {seconds:.1f} s, "
            f"{removed / seconds:,.0f}/s; the writers: {_latencies(times)}\n"
        )
    await pool.close()


def _record() -> OutboxRecord:
    user = scim_user(uuid7(), 1, 1)
    return outbox_record(
        "scim.user.updated.v1",
        tenant_id=uuid7(),
        subject=str(user.user_id),
        data=ScimUserUpdated(user=user),
        now=SystemClock().now(),
    )


async def _fill_outbox(connection: asyncpg.Connection, rows: int) -> None:
    """Add so many events that were numbered and sent, as a relay does, seven hours ago."""
    for begin in range(0, rows, 2_000):
        async with connection.transaction():
            await enqueue(connection, [_record() for _ in range(min(2_000, rows - begin))])
    await connection.execute("UPDATE outbox SET sequence = id WHERE sequence IS NULL")
    await connection.execute(
        "UPDATE outbox SET sent_at = now() - interval '7 hours' WHERE sent_at IS NULL"
    )
    await connection.execute("VACUUM ANALYZE outbox")


async def _prune_outbox(dsn: str, pool: asyncpg.Pool) -> int:
    sent = "SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL"
    before: int = await pool.fetchval(sent)
    async with RelayStore.open(dsn, timedelta(seconds=30)) as store:
        while await store.prune(timedelta(hours=6)):
            pass
    return before - int(await pool.fetchval(sent))


async def _timed(
    pool: asyncpg.Pool, remove: Callable[[], Awaitable[int]]
) -> tuple[int, float, Sequence[float]]:
    removed, begun, seconds = 0, time.perf_counter(), 0.0

    async def work() -> None:
        nonlocal removed, seconds
        removed = await remove()
        seconds = time.perf_counter() - begun

    times = await _beside_writers(pool, work())
    return removed, seconds, times


async def _beside_writers(pool: asyncpg.Pool, work: Awaitable[object]) -> Sequence[float]:
    """Return the seconds of each commit that writers made while something else happened."""
    done, times = asyncio.ensure_future(work), list[float]()

    async def write() -> None:
        while not done.done():
            record = _record()
            begun = time.perf_counter()
            async with transaction(pool) as connection:
                await enqueue(connection, [record])
            times.append(time.perf_counter() - begun)
            await asyncio.sleep(PAUSE)

    await asyncio.gather(done, *(write() for _ in range(WRITERS)))
    return times


async def _cost(connection: asyncpg.Connection, work: Awaitable[object]) -> tuple[float, float]:
    """Return seconds, and MB of PostgreSQL's own log, that something took."""
    before = await connection.fetchval("SELECT pg_current_wal_lsn()")
    begun = time.perf_counter()
    await work
    seconds = time.perf_counter() - begun
    query = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), $1)::float8 / 1e6"
    return seconds, await connection.fetchval(query, before)


async def _table_mb(connection: asyncpg.Connection, table: str) -> float:
    query = "SELECT pg_total_relation_size($1::text::regclass)::float8 / 1e6"
    size: float = await connection.fetchval(query, table)
    return size


def _latencies(seconds: Sequence[float]) -> str:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return (
        f"commits p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms, "
        f"worst {max(seconds) * 1000:.0f} ms ({len(seconds)})"
    )


def _up(name: str) -> str:
    return (MIGRATIONS / name).read_text("utf-8").partition("-- migrate:down")[0]


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn, timeout=10, command_timeout=MINUTES)
    try:
        yield connection
    finally:
        await connection.close()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES, help="Of the audit log.")
    parser.add_argument("--rows", type=int, default=ROWS, help="Of outbox and provisioning log.")
    options = parser.parse_args()
    configure_logging(service="bench", environment="test", level="error")
    sys.stdout.write(f"Load average at the start: {os.getloadavg()[0]:.1f}\n")
    uvloop.run(measure(options.entries, options.rows, sys.stdout.write))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
