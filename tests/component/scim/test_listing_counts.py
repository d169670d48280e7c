"""Totals and pages of large listings: counted by triggers, right whatever happens at once."""

import asyncio
import shutil
from pathlib import Path
from uuid import UUID

import asyncpg

from chassis.database import migrate
from chassis.ids import uuid7
from component.scim.harness import Client, Surface, json
from scim.storage.listing_counts import PostgresListingCounts
from support.databases import DatabaseFactory, directories_of

PAGE = 5
SOME_USER = (
    "INSERT INTO users (tenant_id, id, user_name, user_name_key, email_keys, active, soft_deleted,"
    " origin, version, created_at, updated_at, document)"
    " VALUES ($1, $2, $2::uuid::text, $2::uuid::text, '{}', true, false, 'scim', 1, now(), now(),"
    " convert_to('{\"userName\":\"x\"}', 'UTF8'))"
)
WRONG_COUNTS = """
    SELECT ranges.first_id, ranges.amount, (
        SELECT count(*) FROM users
        WHERE tenant_id = $1 AND id >= ranges.first_id
          AND (ranges.next_id IS NULL OR id < ranges.next_id)
    ) AS really
    FROM (
        SELECT first_id, sum(amount) AS amount, lead(first_id) OVER (ORDER BY first_id) AS next_id
        FROM listing_counts WHERE tenant_id = $1 AND kind = 'users' GROUP BY first_id
    ) AS ranges
"""


def small_ranges(surface: Surface) -> PostgresListingCounts:
    return PostgresListingCounts(surface.pool, range_size=3, most_pieces=2)


async def even_out(counts: PostgresListingCounts) -> None:
    for tenant_id, kind in await counts.uneven():
        assert await counts.even_out(tenant_id, kind)


async def create(client: Client, resource: str, number: int) -> str:
    if resource == "Users":
        return str((await client.create_user(f"u{number}@example.com"))["id"])
    return str((await client.create_group(f"Group {number}"))["id"])


async def walk(client: Client, resource: str) -> list[str]:
    """Return the ids on all pages; every page has to tell the same total as there are ids."""
    seen: list[str] = []
    total = 1
    while len(seen) < total:
        start = {"startIndex": str(len(seen) + 1), "count": str(PAGE)}
        page = json(await client.get(f"/{resource}", **start))
        seen += [found["id"] for found in page["Resources"]]
        total = page["totalResults"]
        assert len(page["Resources"]) == min(PAGE, total - len(seen) + len(page["Resources"]))
    beyond = json(await client.get(f"/{resource}", startIndex=str(total + 1)))
    assert (beyond["totalResults"], beyond["Resources"]) == (total, [])
    return seen


async def wrong(pool: asyncpg.Pool, tenant_id: UUID) -> list[asyncpg.Record]:
    rows = await pool.fetch(WRONG_COUNTS, tenant_id)
    assert rows
    return [row for row in rows if row["amount"] != row["really"]]


async def test_every_page_is_right_as_resources_come_and_go(surface: Surface, acme: Client) -> None:
    counts = small_ranges(surface)
    await (await surface.tenant("other")).create_user("ann@example.com")
    for resource in ("Users", "Groups"):
        assert await walk(acme, resource) == []
        ids = [await create(acme, resource, number) for number in range(23)]
        assert await walk(acme, resource) == ids
        await even_out(counts)
        assert await walk(acme, resource) == ids
        for gone in [*ids[2:9], ids[0], ids[-1]]:
            await acme.call("DELETE", f"/{resource}/{gone}")
            ids.remove(gone)
        assert await walk(acme, resource) == ids
        ids += [await create(acme, resource, number) for number in range(40, 50)]
        await even_out(counts)
        assert await walk(acme, resource) == ids
    assert await counts.uneven() == []
    assert await surface.pool.fetchval("SELECT count(DISTINCT first_id) FROM listing_counts") > 8


async def test_what_is_refused_or_rolled_back_is_not_counted(
    surface: Surface, acme: Client
) -> None:
    ann = await acme.create_user("ann@example.com")
    await acme.call("POST", "/Users", ann)
    await acme.call("DELETE", f"/Users/{uuid7()}")
    async with surface.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(SOME_USER, acme.tenant.tenant_id, uuid7())
        await transaction.rollback()

    assert await walk(acme, "Users") == [ann["id"]]


async def test_ranges_are_divided_while_everybody_writes(surface: Surface, acme: Client) -> None:
    counts, tenant_id = small_ranges(surface), acme.tenant.tenant_id
    writing = True

    async def write(number: int) -> None:
        for turn in range(25):
            made = uuid7()
            await surface.pool.execute(SOME_USER, tenant_id, made)
            if turn % 3 == number % 3:
                delete = "DELETE FROM users WHERE tenant_id = $1 AND id = $2"
                await surface.pool.execute(delete, tenant_id, made)

    async def divide() -> int:
        divided = 0
        while writing:
            for tenant, kind in await counts.uneven():
                divided += await counts.even_out(tenant, kind)
            await asyncio.sleep(0)
        return divided

    dividing = asyncio.create_task(divide())
    await asyncio.gather(*(write(number) for number in range(6)))
    writing = False

    assert await dividing > 0
    assert await wrong(surface.pool, tenant_id) == []
    await even_out(counts)
    assert await wrong(surface.pool, tenant_id) == []


async def test_ranges_stay_while_somebody_has_counted_and_not_committed(
    surface: Surface, acme: Client
) -> None:
    counts, tenant_id = small_ranges(surface), acme.tenant.tenant_id
    async with surface.pool.acquire() as connection, connection.transaction():
        for _ in range(9):
            await connection.execute(SOME_USER, tenant_id, uuid7())
        assert not await counts.even_out(tenant_id, "users")
        await acme.create_user("ann@example.com")
    assert await counts.even_out(tenant_id, "users")

    assert await wrong(surface.pool, tenant_id) == []
    assert len(await walk(acme, "Users")) == 10


async def test_what_was_there_before_is_counted_by_the_migration(
    database: DatabaseFactory, tmp_path: Path
) -> None:
    dsn, tenant_id = await database(None), uuid7()
    *before, own = directories_of("scim")
    for path in own.glob("100*.sql"):
        shutil.copy(path, tmp_path)
    await migrate(dsn, *before, tmp_path)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(SOME_USER, tenant_id, uuid7())
        await migrate(dsn, *before, own)
        await connection.execute(SOME_USER, tenant_id, uuid7())
        total = await connection.fetchval("SELECT sum(amount) FROM listing_counts")
    finally:
        await connection.close()

    assert total == 2
