"""Reads plans of PostgreSQL: does a statement cost what it is about, or what tables have grown to?

A plan is bounded when each scan of a large table finds its rows by an index condition that leaves a
few, or streams them into a LIMIT. Then whatever sorts or counts gets a few rows only, too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from chassis.database.queries import Query

LARGE = 3_000
"""Rows from which on a table counts as large."""
MOST_ROWS = 200
"""Rows that a scan may find for each value it is asked for, by the planner's estimate."""
MOST_COST = 130.0
"""What such a scan may cost: one that reads an index from end to end and throws most away has few
rows, but costs more."""

Node = Mapping[str, Any]

_LIMITS = {"limit": 100}

# These pass rows on one by one, so that a LIMIT above them ends the scan below.
_STREAMING = {
    "Limit",
    "LockRows",
    "Nested Loop",
    "Subquery Scan",
    "Result",
    "Append",
    "Merge Append",
}


async def explain(connection: asyncpg.Connection, query: Query) -> Node:
    """Return the generic plan of a statement: the one that fits whatever values it is given.

    How many rows are wanted is known all the same: PostgreSQL weighs a plan that knows the value,
    and without it takes a tenth of the table for the answer.
    """
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    # Reading some thousand rows may be cheaper than a hundred probes; reading millions is not.
    await connection.execute("SET enable_seqscan = off")
    await connection.execute("SET enable_hashjoin = off")
    sql, others = _with_limits(query)
    await connection.execute(f"PREPARE planned AS {sql}")
    try:
        values = ", ".join(["NULL"] * others)
        call = f"EXECUTE planned({values})" if values else "EXECUTE planned"
        [plan] = orjson.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {call}"))
    finally:
        await connection.execute("DEALLOCATE planned")
    found: Node = plan["Plan"]
    return found


def _with_limits(query: Query) -> tuple[str, int]:
    """Return a statement with its limits, and how many parameters it has left."""
    others = [name for name in query.parameters if name not in _LIMITS]

    def value(match: re.Match[str]) -> str:
        name = query.parameters[int(match[1]) - 1]
        return str(_LIMITS[name]) if name in _LIMITS else f"${others.index(name) + 1}"

    return re.sub(r"\$(\d+)", value, query.sql), len(others)


async def large_tables(connection: asyncpg.Connection) -> set[str]:
    """Return the tables, and parts of tables, that have many rows."""
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= $1"
        " AND relnamespace = 'public'::regnamespace",
        LARGE,
    )
    return {row["relname"] for row in rows}


def unbounded(plan: Node, large: set[str]) -> list[str]:
    """Describe each scan of a large table that grows with it."""
    return [_describe(node) for node, limited in _walk(plan, False) if _grows(node, limited, large)]


def _walk(node: Node, limited: bool) -> Iterator[tuple[Node, bool]]:
    yield node, limited
    kind = node["Node Type"]
    # One with an offset alone has no end.
    ends = kind == "Limit" and node["Plan Rows"] <= MOST_ROWS
    inside = ends or (limited and kind in _STREAMING)
    children: Sequence[Node] = node.get("Plans", ())
    for child in children:
        # What a subquery computes apart is not what the limit ends.
        apart = child.get("Parent Relationship") in ("InitPlan", "SubPlan")
        # The inner side of a merge or hash join is read whole.
        yield from _walk(child, inside and not apart)


def _grows(node: Node, limited: bool, large: set[str]) -> bool:
    if node.get("Relation Name") not in large or node["Node Type"] == "ModifyTable":
        return False
    if limited and node["Node Type"].startswith("Index"):
        return False
    few = node["Plan Rows"] <= MOST_ROWS and node["Total Cost"] <= MOST_COST
    return not few or node["Node Type"] == "Seq Scan"


def _describe(node: Node) -> str:
    by = node.get("Index Name") or "no index"
    return (
        f"{node['Node Type']} of {node['Relation Name']} by {by}: "
        f"{node['Plan Rows']} rows, cost {node['Total Cost']:.0f}"
    )
