"""The pool's short way for single statements: as safe as asyncpg's own way."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest

from chassis.database import create_pool, postgres
from support.databases import DatabaseFactory
from support.waiting import eventually

PID = "SELECT pg_backend_pid()"


@pytest.fixture
async def dsn(database: DatabaseFactory) -> str:
    return await database("chassis")


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await create_pool(dsn, size=2)
    yield pool
    await asyncio.wait_for(pool.close(), 10)


async def test_single_statements_share_the_connections(pool: asyncpg.Pool) -> None:
    numbers = await asyncio.gather(
        *(pool.fetchval("SELECT $1::int + 0 * length(pg_sleep(0.01)::text)", n) for n in range(20))
    )
    assert numbers == list(range(20))
    assert (await pool.fetchrow("SELECT 1 AS one"))["one"] == 1  # type: ignore[index]  # a row
    assert [row["n"] for row in await pool.fetch("SELECT n FROM generate_series(1, 3) AS n")] == [
        1,
        2,
        3,
    ]
    assert len({await pool.fetchval(PID) for _ in range(10)}) <= 2
    assert pool.get_idle_size() == pool.get_size() == 2


async def test_a_statement_that_fails_gives_its_connection_back(pool: asyncpg.Pool) -> None:
    for _ in range(5):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await pool.fetchval("SELECT 1 / 0")
    assert pool.get_idle_size() == 2


@pytest.mark.parametrize("way", ["cancelled", "timed out"])
async def test_a_statement_that_is_given_up_leaves_nothing_to_the_next(
    pool: asyncpg.Pool, way: str
) -> None:
    for _ in range(4):
        if way == "cancelled":
            task = asyncio.ensure_future(pool.fetchval("SELECT pg_sleep(60)"))
            await asyncio.sleep(0.05)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        else:
            with pytest.raises(TimeoutError):
                await pool.fetchval("SELECT pg_sleep(60)", timeout=0.05)
    began = time.monotonic()
    assert await asyncio.gather(*(pool.fetchval("SELECT $1::int", n) for n in range(4))) == [
        *range(4)
    ]
    assert time.monotonic() - began < 10
    await eventually(lambda: pool.get_idle_size() == pool.get_size() == 2)


async def test_a_connection_that_broke_is_replaced(pool: asyncpg.Pool, dsn: str) -> None:
    killer = await asyncpg.connect(dsn)
    running = asyncio.ensure_future(pool.fetchval("SELECT pg_sleep(60)"))
    await asyncio.sleep(0.1)
    await killer.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await killer.close()
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await running

    async def answers() -> bool:
        try:
            return await asyncio.gather(*(pool.fetchval("SELECT 1") for _ in range(6))) == [1] * 6
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False

    await eventually(answers)
    await eventually(lambda: pool.get_idle_size() == pool.get_size() == 2)


async def test_a_connection_is_replaced_after_so_many_statements(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "MAX_QUERIES", 30)
    pool = await create_pool(dsn, size=2)
    pids = [await pool.fetchval(PID) for _ in range(100)]
    assert 2 < len(set(pids)) < 12
    await eventually(lambda: pool.get_idle_size() == pool.get_size() == 2)
    await pool.close()


async def test_the_end_of_the_pool_waits_for_a_statement(dsn: str) -> None:
    pool = await create_pool(dsn, size=1)
    running = asyncio.ensure_future(pool.fetchval("SELECT 7 + 0 * length(pg_sleep(0.3)::text)"))
    await asyncio.sleep(0.1)
    await pool.close()
    assert await running == 7
    with pytest.raises(asyncpg.InterfaceError):
        await pool.fetchval("SELECT 1")


async def test_transactions_and_single_statements_live_together(pool: asyncpg.Pool) -> None:
    async def transact(number: int) -> int:
        async with postgres.transaction(pool) as connection:
            found: int = await connection.fetchval("SELECT $1::int", number)
            return found

    async def single(number: int) -> int:
        found: int = await pool.fetchval("SELECT $1::int", number)
        return found

    tasks = [transact(n) if n % 2 else single(n) for n in range(60)]
    assert await asyncio.wait_for(asyncio.gather(*tasks), 20) == [*range(60)]
