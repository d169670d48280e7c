"""What sign-ins leave lies in days and months that are dropped as a whole."""

import asyncio
import time
from datetime import datetime, timedelta

import asyncpg
import pytest

from chassis.clock import SystemClock
from chassis.database import append_only_tables, grant_to_serving_role
from chassis.ids import uuid7
from component.sso.harness import SignOn
from embedded.databases import role_dsn
from sso.storage.partitions import PostgresPartitions
from support.databases import DatabaseFactory

EMAIL = "ann@corp.example"
TABLES = ("pending_logins", "codes", "used_assertions", "sign_in_log")


async def make_of(pool: asyncpg.Pool, moment: datetime) -> None:
    """Make the partitions of a moment that has passed."""
    for table in TABLES:
        unit = "month" if table == "sign_in_log" else "day"
        name = f"{table}_{moment:%Y_%m}" if unit == "month" else f"{table}_{moment:%Y_%m_%d}"
        begins = await pool.fetchval("SELECT date_trunc($1, $2::timestamptz, 'UTC')", unit, moment)
        ends = await pool.fetchval(
            "SELECT $1::timestamptz + ('1 ' || $2::text)::interval", begins, unit
        )
        low, high = begins, ends
        if table in {"pending_logins", "sign_in_log"}:
            low, high = [
                await pool.fetchval("SELECT first_id_of($1)", each) for each in (begins, ends)
            ]
        await pool.execute(
            f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{low}') TO ('{high}')"
        )


async def partitions(pool: asyncpg.Pool, table: str) -> set[str]:
    rows = await pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = $1::text::regclass",
        table,
    )
    return {row["name"] for row in rows}


async def lies_in(pool: asyncpg.Pool, table: str) -> set[str]:
    rows = await pool.fetch(f"SELECT tableoid::regclass::text AS name FROM {table}")
    return {row["name"] for row in rows}


async def leave_traces(sso: SignOn, moment: datetime) -> None:
    """Write what a sign-in of a moment would have left."""
    first = await sso.pool.fetchval("SELECT first_id_of($1)", moment)
    tenant_id, connection_id = sso.tenant.tenant_id, sso.connection.id
    await sso.pool.execute(
        "INSERT INTO pending_logins (tenant_id, id, connection_id, use, request_id, created_at,"
        " expires_at) VALUES ($1, $2, $3, 'sign_in', 'id-1', $4, $4)",
        tenant_id,
        first,
        connection_id,
        moment,
    )
    await sso.pool.execute(
        "INSERT INTO used_assertions VALUES ($1, $2, 'a', $3)", tenant_id, connection_id, moment
    )
    await sso.pool.execute(
        "INSERT INTO sign_in_log (tenant_id, id, occurred_at, connection_id, outcome)"
        " VALUES ($1, $2, $3, $4, 'signed_in')",
        tenant_id,
        first,
        moment,
        connection_id,
    )


async def test_what_a_sign_in_leaves_lies_in_the_partition_of_its_time(sso: SignOn) -> None:
    await sso.add_user(EMAIL)
    await sso.sign_in(sso.browser(), EMAIL)
    for table in TABLES:
        [partition] = await lies_in(sso.pool, table)
        assert partition.startswith(f"{table}_2")
        assert len(await partitions(sso.pool, table)) == 4


async def test_an_id_of_a_moment_is_the_lowest_of_its_millisecond(sso: SignOn) -> None:
    before = uuid7()
    now = SystemClock().now()
    low, high = [
        await sso.pool.fetchval("SELECT first_id_of($1)", now + timedelta(minutes=minutes))
        for minutes in (-1, 1)
    ]
    assert low < before < high
    assert low.int >> 80 << 80 == low.int


async def test_days_that_are_over_are_dropped_and_no_others(sso: SignOn) -> None:
    then = SystemClock().now() - timedelta(days=100)
    await make_of(sso.pool, then)
    await leave_traces(sso, then)
    await sso.add_user(EMAIL)
    await sso.sign_in(sso.browser(), EMAIL)
    before = {table: await sso.pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
    # A day each of logins, codes and replays; the log's month is wanted still.
    assert await PostgresPartitions(sso.pool).keep(200) == 3
    after = {table: await sso.pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
    assert after == before | {
        "pending_logins": before["pending_logins"] - 1,
        "used_assertions": before["used_assertions"] - 1,
    }
    await PostgresPartitions(sso.pool).keep(30)
    assert f"sign_in_log_{then:%Y_%m}" not in await partitions(sso.pool, "sign_in_log")
    kept = await sso.pool.fetchval("SELECT count(*) FROM sign_in_log")
    assert kept == before["sign_in_log"] - 1
    for table in TABLES:
        assert len(await partitions(sso.pool, table)) >= 4


@pytest.mark.parametrize("log_days", [-5, 0, 1])
async def test_whoever_asks_nothing_is_dropped_that_is_not_over(sso: SignOn, log_days: int) -> None:
    await sso.add_user(EMAIL)
    await sso.sign_in(sso.browser(), EMAIL)
    before = {table: await lies_in(sso.pool, table) for table in TABLES}
    assert await PostgresPartitions(sso.pool).keep(log_days) == 0
    assert {table: await lies_in(sso.pool, table) for table in TABLES} == before


async def test_without_a_partition_people_sign_in_and_what_it_leaves_is_deleted(
    sso: SignOn,
) -> None:
    for table in TABLES:
        for name in await partitions(sso.pool, table) - {f"{table}_default"}:
            await sso.pool.execute(f"DROP TABLE {name}")
    await sso.add_user(EMAIL)
    await sso.sign_in(sso.browser(), EMAIL)
    for table in TABLES:
        assert await lies_in(sso.pool, table) == {f"{table}_default"}
    # What is there already is no reason to fail; the days that come are made.
    await PostgresPartitions(sso.pool).keep(30)
    for table in TABLES:
        assert len(await partitions(sso.pool, table)) == 3
    before = {table: await sso.pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
    await leave_traces(sso, SystemClock().now() - timedelta(days=40))
    await PostgresPartitions(sso.pool).keep(30)
    for table in TABLES:
        assert await sso.pool.fetchval(f"SELECT count(*) FROM {table}") == before[table]


async def test_who_reads_on_is_not_waited_for_while_others_wait(sso: SignOn) -> None:
    keep = PostgresPartitions(sso.pool).keep
    await make_of(sso.pool, SystemClock().now() - timedelta(days=100))
    async with sso.pool.acquire() as reader, reader.transaction():
        await reader.fetch("SELECT * FROM pending_logins")
        began = time.monotonic()
        async with asyncio.timeout(20):
            assert await keep(200) == 2
        assert time.monotonic() - began < 6
    assert await keep(200) == 1


async def test_the_serving_role_may_have_it_done_and_do_nothing_itself(
    database: DatabaseFactory,
) -> None:
    owner = await database("sso")
    role, name = f"serves_{uuid7().hex}", owner.rpartition("/")[2]
    admin = await asyncpg.connect(owner)
    await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    dsn = role_dsn(owner, name, role=role, password="x")
    await grant_to_serving_role(owner, dsn, append_only_tables("sso"))
    serving = await asyncpg.connect(dsn)
    today = f"pending_logins_{SystemClock().now():%Y_%m_%d}"
    try:
        await admin.execute(f"DROP TABLE {today}")
        made = await serving.fetch("SELECT partition, what FROM keep_partitions(30)")
        assert [tuple(row) for row in made] == [(today, "made")]
        for statement in (
            f"DROP TABLE {today}",
            f"ALTER TABLE pending_logins DETACH PARTITION {today}",
            "CREATE OR REPLACE FUNCTION first_id_of(moment timestamptz) RETURNS uuid"
            " LANGUAGE sql AS 'SELECT NULL::uuid'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await serving.execute(statement)
    finally:
        await serving.close()
        await admin.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        await admin.close()
