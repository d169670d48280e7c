"""The audit log by months: made ahead, dropped when too old, never sooner, under load too."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from chassis.clock import SystemClock
from chassis.database import append_only_tables, grant_to_serving_role
from chassis.ids import uuid7
from conformance.tenant_directory.harness import Harness, idp_user
from embedded.databases import role_dsn
from support.databases import DatabaseFactory
from tenant_directory.storage.audit_log import PostgresAuditLogMonths

INSERT = """
    INSERT INTO audit_log (tenant_id, at, actor, action, subject, details)
    VALUES ($1, $2, 'scim', 'user.updated', $3, '{}')
"""
ADD_TENANT = """
    INSERT INTO tenants (tenant_id, name, package, status, default_role, invitations_enabled,
                         version, created_at, updated_at)
    VALUES (gen_random_uuid(), 'acme', 'business', 'active', 'member', true, 1, now(), now())
    RETURNING tenant_id
"""
AGES = (0, 30, 95, 300, 440, 800)
"""Days ago."""


async def _write(pool: asyncpg.Pool, tenant_id: object, age: float) -> None:
    await pool.execute(INSERT, tenant_id, SystemClock().now() - timedelta(days=age), str(age))


async def _ages(pool: asyncpg.Pool) -> list[int]:
    rows = await pool.fetch("SELECT subject FROM audit_log WHERE action = 'user.updated'")
    return sorted(int(row["subject"]) for row in rows)


async def test_whole_months_that_are_too_old_go_and_nothing_else(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    for age in AGES:
        await _write(pool, tenant.tenant_id, age)
    months = PostgresAuditLogMonths(pool)
    assert await months.keep(400) == 2
    assert await _ages(pool) == [0, 30, 95, 300]
    assert await months.keep(400) == 0
    assert await pool.fetchval("SELECT count(*) FROM audit_log_default") == 0
    # A month that is there takes what is written into it later.
    await _write(pool, tenant.tenant_id, 31)
    assert await pool.fetchval("SELECT count(*) FROM audit_log_default") == 0
    assert await _ages(pool) == [0, 30, 31, 95, 300]


async def test_less_than_ninety_days_are_never_kept(directory: Harness, pool: asyncpg.Pool) -> None:
    tenant = await directory.tenant()
    for age in AGES:
        await _write(pool, tenant.tenant_id, age)
    for days in (1, 0, -100_000):
        await PostgresAuditLogMonths(pool).keep(days)
    assert {0, 30} <= set(await _ages(pool))


async def test_entries_of_impossible_times_stop_nothing_and_make_no_months(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    for at in ("infinity", "-infinity", "20000-01-01", "0044-03-15 BC"):
        await pool.execute(
            f"INSERT INTO audit_log (tenant_id, at, actor, action, subject, details)"
            f" VALUES ($1, '{at}', 'a', 'b', 'c', '{{}}')",
            tenant.tenant_id,
        )
    await _write(pool, tenant.tenant_id, 800)
    assert await PostgresAuditLogMonths(pool).keep(400) == 1
    assert await pool.fetchval("SELECT count(*) FROM audit_log_default") == 4
    months = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_log'::regclass"
    assert await pool.fetchval(months) == 4


async def test_the_serving_role_may_have_it_done_and_do_nothing_itself(
    directory: Harness, pool: asyncpg.Pool, database: DatabaseFactory
) -> None:
    owner = await database("tenant-directory")
    role = f"serves_{uuid7().hex}"
    admin = await asyncpg.connect(owner)
    await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    dsn = role_dsn(owner, owner.rpartition("/")[2], role=role, password="x")
    await grant_to_serving_role(owner, dsn, append_only_tables("tenant_directory"))
    serving = await asyncpg.connect(dsn)
    try:
        tenant = await admin.fetchval(ADD_TENANT)
        await serving.execute(INSERT, tenant, SystemClock().now() - timedelta(days=800), "800")
        made = await serving.fetch("SELECT partition, what FROM keep_audit_log(400)")
        assert [row["what"] for row in made] == ["made", "dropped"]
        month = f"audit_log_{SystemClock().now():%Y_%m}"
        for statement in (
            f"DROP TABLE {month}",
            f"DELETE FROM {month}",
            f"INSERT INTO {month} (tenant_id, at, actor, action, subject, details)"
            " SELECT tenant_id, at, actor, action, subject, details FROM audit_log",
            "DELETE FROM audit_log_default",
            f"ALTER TABLE audit_log DETACH PARTITION {month}",
            "CREATE OR REPLACE FUNCTION keep_audit_log(keep_days integer) RETURNS TABLE"
            " (partition text, what text) LANGUAGE sql AS 'SELECT 1, 1'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await serving.execute(statement)
        # Names of its own, where it may make them, do not mislead the function.
        await serving.execute("CREATE TEMPORARY TABLE audit_log_default (at timestamptz)")
        await serving.execute("INSERT INTO audit_log_default VALUES (now() + interval '1 year')")
        assert await serving.fetch("SELECT partition FROM keep_audit_log(400)") == []
    finally:
        await serving.close()
        await admin.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        await admin.close()


async def test_what_is_written_meanwhile_is_neither_refused_nor_lost(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    months = PostgresAuditLogMonths(pool)
    stopping = asyncio.Event()
    written, longest = 0, 0.0

    async def write() -> None:
        nonlocal written, longest
        loop = asyncio.get_running_loop()
        while not stopping.is_set():
            begun = loop.time()
            await _write(pool, tenant.tenant_id, 0)
            longest = max(longest, loop.time() - begun)
            written += 1

    writing = asyncio.ensure_future(write())
    for month in range(24):
        await _write(pool, tenant.tenant_id, 420 + 30 * month)
        await months.keep(400)
    stopping.set()
    await writing
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE subject = '0'") == written
    assert written > 24
    assert longest < 3.0
    assert max(await _ages(pool)) <= 430 + 31


async def test_ids_go_on_and_the_newest_come_first_over_all_months(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    await directory.apply(tenant, idp_user())
    for age in (300, 0, 95):
        await _write(pool, tenant.tenant_id, age)
        await PostgresAuditLogMonths(pool).keep(400)
    records = await directory.use_cases.list_audit_records(tenant.name, limit=3)
    assert [record.subject for record in records] == ["95", "0", "300"]


async def test_an_export_has_what_is_within_its_time_oldest_first(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant, other = await directory.tenant("acme"), await directory.tenant("bolt")
    for age in (300, 200, 100):
        await _write(pool, tenant.tenant_id, age)
        await _write(pool, other.tenant_id, age + 1)
    now = SystemClock().now()
    records = await directory.use_cases.export_audit_records(
        "acme", since=now - timedelta(days=201), until=now - timedelta(days=99)
    )
    assert [record.subject async for record in records] == ["200", "100"]
