"""`python -m embedded.schema`: writes each service's `storage/schema.sql`, and the chassis' own.

The file shows what all migrations together have made, so that nobody has to add them up. It starts
a PostgreSQL server of its own, in a directory that it removes, and migrates databases from nothing.
"""

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from embedded.logs import Logs
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.schema_snapshot import schema_statements

ROOT = Path(__file__).parents[4]
CHASSIS = ROOT / "libs/chassis/src/chassis/database"

_INTRODUCTION = """\
-- What the migrations make, to be read. Written by `make schema`; do not edit.
"""
_OF_A_SERVICE = """\
-- Beside these are the chassis' own tables: libs/chassis/src/chassis/database/schema.sql.
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The schema file of one service, or of the chassis."""

    name: str
    directory: Path

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return self.directory / "schema.sql"

    @property
    def package(self) -> str | None:
        """Return the service's package."""
        return None if self.directory == CHASSIS else self.directory.parent.name


def snapshots() -> list[Snapshot]:
    """Return the schema files of this checkout; the chassis' first."""
    services = sorted(ROOT.glob("services/*/src/*/storage/migrations"))
    return [
        Snapshot("chassis", CHASSIS),
        *(Snapshot(path.parents[3].name, path.parent) for path in services),
    ]


def schema_text(statements: list[str], chassis: list[str] | None = None) -> str:
    """Return a schema file: of the chassis, or of what else a service has."""
    introduction, already = _INTRODUCTION, chassis or []
    if chassis is not None:
        introduction += _OF_A_SERVICE
    shown = "\n\n".join(one for one in statements if one not in already)
    # An index stands right below its table.
    return f"{introduction}\n{shown}\n".replace(";\n\nCREATE INDEX", ";\nCREATE INDEX").replace(
        ";\n\nCREATE UNIQUE INDEX", ";\nCREATE UNIQUE INDEX"
    )


async def make_statements(server: str, snapshot: Snapshot) -> list[str]:
    """Migrate a new database on a server, and return what its schema is."""
    name = snapshot.name.replace("-", "_")
    connection = await asyncpg.connect(server, timeout=30)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close(timeout=30)
    dsn = f"{server.rpartition('/')[0]}/{name}"
    await asyncio.to_thread(_migrate, dsn, snapshot.package)
    return await schema_statements(dsn)


def _migrate(dsn: str, package: str | None) -> None:
    argv = [sys.executable, "-m", "chassis.database", *([package] if package else [])]
    # The address holds a password: `ps` shows arguments, not the environment.
    subprocess.run(argv, env=os.environ | {"DATABASE_URL": dsn}, check=True)


async def write_snapshots(server: str) -> list[Path]:
    """Write the files that are not as they should be, and return them."""
    chassis, *services = snapshots()
    shared = await make_statements(server, chassis)
    texts = {chassis.path: schema_text(shared)}
    for service in services:
        texts[service.path] = schema_text(await make_statements(server, service), shared)
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        path.write_text(texts[path], "utf-8")
    return stale


async def main() -> None:
    """Start a server, write, and stop it."""
    with tempfile.TemporaryDirectory(prefix="portico-schema-") as directory:
        server = PostgresServer(
            data=Path(directory) / "postgres",
            port=free_port(),
            password=secrets.token_urlsafe(16),
            logs=Logs(Path(directory) / "logs"),
            durable=False,
        )
        await server.start()
        try:
            written = await write_snapshots(server.dsn())
        finally:
            await server.stop()
    sys.stdout.write("".join(f"{path}\n" for path in written))


if __name__ == "__main__":
    asyncio.run(main())
