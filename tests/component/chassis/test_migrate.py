"""Migrations on a real database: in order, once, safe side by side, with errors that explain."""

import asyncio
from importlib import import_module
from pathlib import Path

import asyncpg
import pytest

from chassis.database import MigrationFailed, migrate, migration_directories, pending_migrations
from chassis.database.migrate import CHASSIS_MIGRATIONS as CHASSIS
from support.databases import DatabaseFactory
from support.repository import SERVICE_PACKAGES


@pytest.fixture
async def dsn(database: DatabaseFactory) -> str:
    return await database(None)


@pytest.fixture
def service(tmp_path: Path) -> Path:
    write(tmp_path, "1001_first", "CREATE TABLE first (number int)")
    return tmp_path


def write(directory: Path, name: str, statement: str) -> None:
    text = f"-- migrate:up\n{statement};\n-- migrate:down\n"
    (directory / f"{name}.sql").write_text(text, "utf-8")


async def tables(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname NOT IN "
            "('pg_catalog', 'information_schema')"
        )
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()


async def test_the_chassis_and_the_service_are_migrated_in_one_go(dsn: str, service: Path) -> None:
    pending = await pending_migrations(dsn, CHASSIS, service)
    assert (pending[0], pending[-1]) == ("0001_outbox.sql", "1001_first.sql")

    await migrate(dsn, CHASSIS, service)

    assert await pending_migrations(dsn, CHASSIS, service) == []
    assert {"outbox", "inbox", "first"} <= await tables(dsn)


async def test_starts_at_the_same_time_apply_each_migration_once(dsn: str, service: Path) -> None:
    write(service, "1002_second", "INSERT INTO first VALUES (1)")

    await asyncio.gather(*(migrate(dsn, CHASSIS, service) for _ in range(6)))

    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SELECT count(*) FROM first") == 1
    await connection.close()


async def test_a_later_migration_of_the_chassis_is_applied_after_the_services(
    dsn: str, service: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chassis = tmp_path_factory.mktemp("chassis")
    write(chassis, "0001_base", "CREATE TABLE base (number int)")
    await migrate(dsn, chassis, service)
    write(chassis, "0002_later", "CREATE TABLE later (number int)")

    await migrate(dsn, chassis, service)

    assert "later" in await tables(dsn)


async def test_a_failed_migration_leaves_nothing_and_says_why(dsn: str, service: Path) -> None:
    write(service, "1002_wrong", "CREATE TABLE half (number int); SELECT nonsense")

    with pytest.raises(MigrationFailed, match=r'1002_wrong.sql[^$]*column "nonsense"'):
        await migrate(dsn, service)

    assert "half" not in await tables(dsn)
    assert await pending_migrations(dsn, service) == ["1002_wrong.sql"]


async def test_a_table_that_is_in_use_is_waited_for_only_so_long(
    dsn: str, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("chassis.database.migrate"), "LOCK_TIMEOUT_MS", 200)
    await migrate(dsn, service)
    write(service, "1002_alter", "ALTER TABLE first ADD COLUMN more int")
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await connection.execute("LOCK TABLE first IN ACCESS SHARE MODE")
        with pytest.raises(MigrationFailed, match="lock timeout"):
            await migrate(dsn, service)
    await connection.close()

    await migrate(dsn, service)

    assert await pending_migrations(dsn, service) == []


async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(MigrationFailed, match=r"127\.0\.0\.1:1/demo cannot be reached") as failure:
        await migrate("postgresql://demo:hunter2@127.0.0.1:1/demo", CHASSIS)

    assert "hunter2" not in str(failure.value)


async def test_a_directory_that_is_not_there_is_named(dsn: str, tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed, match="no migration directory"):
        await migrate(dsn, tmp_path / "nowhere")


PACKAGES = list(SERVICE_PACKAGES.values())
DIRECTORIES = sorted({path for package in PACKAGES for path in migration_directories(package)})


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_migration_can_be_run_by_dbmate_and_stays_in_its_range(directory: Path) -> None:
    names = sorted(path.name for path in directory.glob("*.sql"))
    # A service may build on its projections with migrations from 3001 on.
    thousands = {"database": "0", "storage": "13"}.get(directory.parent.name, "2")

    assert names
    for name in names:
        text = (directory / name).read_text("utf-8")
        assert text.startswith("-- migrate:up")
        assert text.rstrip().endswith("-- migrate:down"), "forward only: nothing below the marker"
        assert name[0] in thousands


def test_only_who_keeps_a_projection_has_its_tables() -> None:
    projected = {
        package
        for package in PACKAGES
        if any(
            path.match("projection/migrations/tenants") for path in migration_directories(package)
        )
    }
    assert {"scim", "domain_verifier"} <= projected
    assert "tenant_directory" not in projected
