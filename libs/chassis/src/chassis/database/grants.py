"""What the serving role may do, where it is another one than the role that migrates.

The owner of the tables alone changes them: the serving role reads and writes rows, only adds to
tables that are append-only, and can neither drop nor truncate a table nor switch off a trigger.
"""

from collections.abc import Sequence
from importlib import import_module

import asyncpg

from chassis.database.migrate import MigrationFailed, connect_to_migrate
from chassis.database.postgres import disconnect
from chassis.database.queries import read_queries

READ_ONLY = ("schema_migrations",)
"""dbmate's table: readiness looks at it."""
APPEND_ONLY = ("parked_audit",)
"""The chassis' own; a service names more of them as `APPEND_ONLY` in its `storage`."""

QUERIES = read_queries("chassis.database", "grants")


def append_only_tables(package: str) -> tuple[str, ...]:
    """Return the tables of a service that its serving role may only add rows to."""
    return (*APPEND_ONLY, *getattr(import_module(f"{package}.storage"), "APPEND_ONLY", ()))


async def grant_to_serving_role(owner: str, serving: str, append_only: Sequence[str]) -> None:
    """Give the role of `serving` what it needs of what the role of `owner` has made.

    Nothing is done where both are one role. It can be repeated at any time, also while the service
    runs: the rights are exchanged in one transaction.

    Args:
        owner: DSN of the role that migrates.
        serving: DSN of the role that the service runs as, on the same database.
        append_only: Tables of which rows are only added.

    Raises:
        MigrationFailed: One of both cannot connect, they are on different databases, or the owner
            does not own the tables.
    """
    connection = await connect_to_migrate(serving)
    try:
        role, database = await _who_and_where(connection)
    finally:
        await disconnect(connection)
    connection = await connect_to_migrate(owner)
    try:
        own_role, own_database = await _who_and_where(connection)
        if own_database != database:
            raise MigrationFailed(
                f"The role that migrates is on the database {own_database}, the serving one"
                f" on {database}: both addresses must name the same."
            )
        if own_role != role:
            await _grant(connection, role, append_only)
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationFailed(
            f"The role that migrates does not own all tables of {database}: {error}."
        ) from error
    finally:
        await disconnect(connection)


async def _who_and_where(connection: asyncpg.Connection) -> tuple[str, str]:
    [row] = await connection.fetch(*QUERIES["who_and_where"]())
    return row["role"], row["database"]


async def _grant(connection: asyncpg.Connection, role: str, append_only: Sequence[str]) -> None:
    async with connection.transaction():
        await connection.fetch(*QUERIES["lock_grants"]())
        statements = await connection.fetch(
            *QUERIES["list_grants"](
                role=role, read_only=list(READ_ONLY), append_only=list(append_only)
            )
        )
        for row in statements:
            await connection.execute(row["revoke"])
            await connection.execute(row["give"])
