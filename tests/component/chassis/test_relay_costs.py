"""What the relay's numbering reads depends on its batch, not on how much waits or was sent."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.database import connect, disconnect, read_queries
from chassis.ids import uuid7
from chassis.outbox.session import BUCKETS, PLANNING
from support.databases import DatabaseFactory

QUERIES = read_queries("chassis.outbox", "relay")
LIMIT = 50
BACKLOG = 6_000


async def fill(connection: asyncpg.Connection, tenant_id: UUID, number: int) -> None:
    await connection.execute(
        "INSERT INTO outbox (tenant_id, topic, event_id, type, subject, occurred_at, data) "
        "SELECT $1, 'scim-events', gen_random_uuid(), 'type', 'subject', now(), '{}'::bytea "
        "FROM generate_series(1, $2::integer)",
        tenant_id,
        number,
    )


async def rows_read(connection: asyncpg.Connection) -> float:
    """Number a batch, and return how many rows were read of all indexes and tables."""
    query, *values = QUERIES["assign_sequences"](
        buckets=list(range(BUCKETS)), limit=LIMIT, max_bytes=1_000_000
    )
    [[plan]] = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *values)
    nodes = list(_nodes(json.loads(plan)[0]["Plan"]))
    scans = [node for node in nodes if "Relation Name" in node and "Scan" in node["Node Type"]]
    assert scans
    read: float = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in scans
    )
    return read


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", []):
        yield from _nodes(each)


@pytest.mark.parametrize("statistics", ["none", "of an empty table", "of a backlog"])
async def test_numbering_reads_no_backlog(database: DatabaseFactory, statistics: str) -> None:
    connection = await connect(await database("scim"), **PLANNING)
    bulk, other = uuid7(), uuid7()
    await fill(connection, other, 1)
    if statistics == "of an empty table":
        await connection.execute("UPDATE outbox SET sequence = 1, sent_at = now()")
        await connection.execute("ANALYZE outbox")
    await fill(connection, bulk, BACKLOG)
    await fill(connection, other, 1)
    if statistics == "of a backlog":
        await connection.execute("ANALYZE outbox")
    assert await rows_read(connection) < 5 * LIMIT

    await connection.execute("UPDATE outbox SET sequence = 1, sent_at = now() WHERE id % 10 > 0")
    assert await rows_read(connection) < 5 * LIMIT
    await disconnect(connection)
