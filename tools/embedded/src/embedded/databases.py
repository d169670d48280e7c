"""One database for each service, a role that owns it and one that serves; nobody else connects.

The owner migrates; the serving role has rows alone, and what it may do with them `migrate` decides.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

SECONDS = 30


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """The addresses of a service's database; both are the same where one role does everything."""

    serving: str
    owner: str


async def ensure_database(
    server: str, *, name: str, password: str, owner_password: str
) -> ServiceDatabase:
    """Make the database and its roles where they are missing; return how both connect.

    What an earlier release made, a database that its serving role owns, passes to the owner.
    """
    owner = f"{name}_owner"
    databases = ServiceDatabase(
        role_dsn(server, name, role=name, password=password),
        role_dsn(server, name, role=owner, password=owner_password),
    )
    connection = await asyncpg.connect(server, timeout=SECONDS, command_timeout=SECONDS)
    try:
        await _ensure_role(connection, name, password)
        await _ensure_role(connection, owner, owner_password)
        belongs_to = await connection.fetchval(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", name
        )
        if belongs_to is None:
            await connection.execute(f'CREATE DATABASE "{name}" OWNER "{owner}"')
        elif belongs_to == name:
            await _pass_on(at_database(server, name), name, owner)
        await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{name}"')
    finally:
        await connection.close(timeout=SECONDS)
    return databases


async def _ensure_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f'CREATE ROLE "{role}" LOGIN')
    # DDL takes no parameters: the server itself quotes the password.
    statement = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"
    await connection.execute(await connection.fetchval(statement, role, password))
    # Who is no superuser makes and passes on databases for its members alone.
    await connection.execute(f'GRANT "{role}" TO CURRENT_USER')


async def _pass_on(database: str, role: str, owner: str) -> None:
    connection = await asyncpg.connect(database, timeout=SECONDS, command_timeout=SECONDS)
    try:
        await connection.execute(f'REASSIGN OWNED BY "{role}" TO "{owner}"')
    finally:
        await connection.close(timeout=SECONDS)


def role_dsn(server: str, database: str, *, role: str, password: str) -> str:
    """Return the server's DSN for another role and a database."""
    parts = urlsplit(server)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{address}", path=f"/{database}"))


def at_database(server: str, name: str) -> str:
    """Return the server's DSN for another database."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
