"""What a database's schema is, as text that is read by people and compared by a test.

It is made from PostgreSQL's catalogue, not by `pg_dump`: that is not on every machine, and its text
differs from one version of the server to the next. This text does not.
"""

from collections.abc import Iterator
from typing import Any

import asyncpg

SCHEMA = "public"
UNSEEN = "schema_migrations"
"""dbmate's own table."""

_TABLES = """
    SELECT c.oid, c.relname AS name, c.reloptions AS options,
        CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partitioned_by,
        CASE WHEN c.relispartition THEN
            (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid)
        END AS partition_of,
        pg_get_expr(c.relpartbound, c.oid) AS bound
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> $1
    ORDER BY c.relname COLLATE "C"
"""
_COLUMNS = """
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
        a.attnotnull AS required, a.attidentity::text AS identity,
        a.attgenerated <> '' AS is_generated, pg_get_expr(d.adbin, d.adrelid) AS expression
    FROM pg_attribute a
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
"""
# Since PostgreSQL 18 a NOT NULL is a constraint ('n') too; the column says it already.
_CONSTRAINTS = """
    SELECT conname AS name, pg_get_constraintdef(oid, true) AS definition
    FROM pg_constraint
    WHERE conrelid = $1 AND contype IN ('p', 'u', 'f', 'c', 'x')
    ORDER BY array_position('{p,u,f,c,x}'::text[], contype::text), conname COLLATE "C"
"""
_INDEXES = """
    SELECT pg_get_indexdef(i.indexrelid, 0, true) AS definition
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = $1 AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
    ORDER BY c.relname COLLATE "C"
"""
_TRIGGERS = """
    SELECT pg_get_triggerdef(oid, true) AS definition
    FROM pg_trigger
    WHERE tgrelid = $1 AND NOT tgisinternal
    ORDER BY tgname COLLATE "C"
"""
_FUNCTIONS = """
    SELECT pg_get_functiondef(oid) AS definition
    FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    ORDER BY proname COLLATE "C", pg_get_function_identity_arguments(oid)
"""
# A view, an enumeration or an extension would not be seen.
_OTHERS = """
    SELECT relname::text AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'p', 'i', 'I', 'S', 't')
    UNION ALL
    SELECT typname::text FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typtype <> 'c' AND typelem = 0
    UNION ALL
    SELECT extname::text FROM pg_extension WHERE extname <> 'plpgsql'
"""

_IDENTITIES = {"a": "ALWAYS", "d": "BY DEFAULT"}


class UnknownKind(Exception):
    """The schema has something of a kind that the snapshot does not show."""


async def schema_statements(dsn: str) -> list[str]:
    """Return what made the schema, a statement for each table, index, trigger and function.

    Raises:
        UnknownKind: There is something else.
    """
    connection = await asyncpg.connect(dsn, timeout=30)
    try:
        others = [row["name"] for row in await connection.fetch(_OTHERS)]
        if others:
            raise UnknownKind(f"The snapshot does not know the kind of {', '.join(others)}.")
        statements = []
        for table in await connection.fetch(_TABLES, UNSEEN):
            statements += await _table_statements(connection, table)
        functions = await connection.fetch(_FUNCTIONS)
    finally:
        await connection.close(timeout=30)
    return statements + [_function(row["definition"]) for row in functions]


async def _table_statements(connection: asyncpg.Connection, table: asyncpg.Record) -> list[str]:
    oid = table["oid"]
    if table["partition_of"]:
        # It has the columns, keys and indexes of its table. Those of a time are made as it comes.
        of = f"PARTITION OF {table['partition_of']} {table['bound']}"
        return [f"CREATE TABLE {table['name']} {of};"] if table["bound"] == "DEFAULT" else []
    columns = [_column(row) for row in await connection.fetch(_COLUMNS, oid)]
    constraints = [
        f"CONSTRAINT {row['name']} {row['definition']}"
        for row in await connection.fetch(_CONSTRAINTS, oid)
    ]
    lines = ",\n".join(f"    {line}" for line in columns + constraints)
    options = f" WITH ({', '.join(table['options'])})" if table["options"] else ""
    if table["partitioned_by"]:
        options = f" PARTITION BY {table['partitioned_by']}{options}"
    more = await connection.fetch(_INDEXES, oid) + await connection.fetch(_TRIGGERS, oid)
    return [
        f"CREATE TABLE {table['name']} (\n{lines}\n){options};",
        *(f"{row['definition']};" for row in more),
    ]


def _column(row: Any) -> str:
    return " ".join([row["name"], _type(row["type"]), *_properties(row)])


def _properties(row: Any) -> Iterator[str]:
    if row["required"]:
        yield "NOT NULL"
    if row["identity"]:
        yield f"GENERATED {_IDENTITIES[row['identity']]} AS IDENTITY"
    if row["is_generated"]:
        yield f"GENERATED ALWAYS AS ({row['expression']}) STORED"
    elif row["expression"] is not None:
        yield f"DEFAULT {row['expression']}"


def _type(name: str) -> str:
    return name.replace("timestamp with time zone", "timestamptz")


def _function(definition: str) -> str:
    lines = [line.rstrip() for line in definition.strip().splitlines()]
    text = "\n".join(lines).replace(f"FUNCTION {SCHEMA}.", "FUNCTION ", 1)
    return f"{text.replace('CREATE OR REPLACE', 'CREATE', 1)};"
