"""One database and one role for each service, and nobody else may connect to it."""

from urllib.parse import urlsplit, urlunsplit

import asyncpg

SECONDS = 30


async def ensure_database(server: str, *, name: str, password: str) -> str:
    """Make the database and its owner where they are missing; return the owner's DSN."""
    connection = await asyncpg.connect(server, timeout=SECONDS, command_timeout=SECONDS)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
            await connection.execute(f'CREATE ROLE "{name}" LOGIN')
        # DDL takes no parameters: the server itself quotes the password.
        statement = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"
        await connection.execute(await connection.fetchval(statement, name, password))
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'GRANT "{name}" TO CURRENT_USER')
            await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
        await connection.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
    finally:
        await connection.close(timeout=SECONDS)
    return owner_dsn(server, name, password)


def owner_dsn(server: str, name: str, password: str) -> str:
    """Return the server's DSN for another role and its database of the same name."""
    parts = urlsplit(server)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{name}:{password}@{address}", path=f"/{name}"))
