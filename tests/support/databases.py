"""A fresh database for each test: cloned from a template that was migrated once.

A template is named after the digest of its migrations, so one server can serve many runs and no
test ever sees a schema that its checkout does not have.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from chassis.database.migrate import (
    CHASSIS_MIGRATIONS,
    PROJECTION_MIGRATIONS,
    migrate,
    migration_directories,
)
from chassis.ids import uuid7
from support.repository import SERVICE_PACKAGES

PACKAGES: dict[str, str | None] = {"chassis": None, **SERVICE_PACKAGES}
# What the `database` fixture gives: `await database("scim")` is the DSN of a fresh database.
DatabaseFactory = Callable[[str | None], Awaitable[str]]
TEMPLATE_LOCK = 7_317_001
SECONDS = 30


@dataclass
class Databases:
    """Makes databases on one server and drops them afterwards."""

    server: str
    _made: list[str] = field(default_factory=list)

    async def create(self, service: str | None) -> str:
        """Return the DSN of a fresh database: migrated for the service, or empty for None."""
        name = f"test_{uuid7().hex}"
        connection = await asyncpg.connect(self.server, timeout=SECONDS)
        try:
            template = "template1"
            if service is not None:
                template = await _ensure_template(connection, self.server, service)
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        finally:
            await connection.close(timeout=SECONDS)
        self._made.append(name)
        return at_database(self.server, name)

    async def drop_all(self) -> None:
        """Drop what was made, also when something is still connected."""
        if not self._made:
            return
        connection = await asyncpg.connect(self.server, timeout=SECONDS)
        try:
            for name in self._made:
                await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            await connection.close(timeout=SECONDS)
        self._made.clear()


def at_database(server: str, name: str) -> str:
    """Return the server's DSN for another database."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def directories_of(service: str) -> list[Path]:
    """Return the directories that make a schema, in order.

    `chassis` has the bus alone, `projections` every projection of the chassis, too.
    """
    package = PACKAGES.get(service)
    if package is not None:
        return list(migration_directories(package))
    projections = sorted(PROJECTION_MIGRATIONS.iterdir()) if service != "chassis" else []
    return [CHASSIS_MIGRATIONS, *projections]


async def _ensure_template(connection: asyncpg.Connection, server: str, service: str) -> str:
    directories = directories_of(service)
    name = f"template_{service.replace('-', '_')}_{_digest(directories)}"
    # Held by the connection: another worker, or another run on this server, waits here.
    await connection.execute("SELECT pg_advisory_lock($1)", TEMPLATE_LOCK)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            unfinished = f"{name}_unfinished"
            await connection.execute(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{unfinished}" TEMPLATE template0')
            await migrate(at_database(server, unfinished), *directories)
            await connection.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", TEMPLATE_LOCK)
    return name


def _digest(directories: list[Path]) -> str:
    digest = hashlib.sha256()
    for directory in directories:
        for path in sorted(directory.glob("*.sql")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]
