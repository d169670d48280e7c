"""The role that serves may do with its database what the service does, and nothing else."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.database import MigrationFailed, append_only_tables, grant_to_serving_role
from chassis.ids import uuid7
from component.test_queries import SOURCES, queries_of
from embedded.databases import ServiceDatabase, ensure_database, role_dsn
from support.databases import DatabaseFactory
from support.repository import SERVICE_PACKAGES

PASSWORD = "serves"
AUDIT_LOGS = {"tenant_directory": ["audit_log", "parked_audit"], "scim": ["parked_audit"]}
SERVICES = {package: name for name, package in SERVICE_PACKAGES.items()}
REFUSED = [
    "UPDATE {table} SET actor = 'nobody'",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} ADD COLUMN more text",
    "DROP TABLE {table}",
    "CREATE TRIGGER own BEFORE INSERT ON {table} EXECUTE FUNCTION"
    " suppress_redundant_updates_trigger()",
    "SET session_replication_role = replica",
    "CREATE TABLE own (number int)",
    "DELETE FROM schema_migrations",
]


@pytest.fixture(params=SERVICES)
async def package(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def owner(database: DatabaseFactory, package: str) -> str:
    return await database(SERVICES[package])


@pytest.fixture
async def serving(owner: str, package: str) -> AsyncIterator[asyncpg.Connection]:
    role, database = f"serves_{uuid7().hex}", owner.rpartition("/")[2]
    admin = await asyncpg.connect(owner)
    await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
    dsn = role_dsn(owner, database, role=role, password=PASSWORD)
    await grant_to_serving_role(owner, dsn, append_only_tables(package))
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()
    await admin.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    await admin.close()


async def test_every_query_of_a_service_may_be_run_by_the_role_that_serves(
    serving: asyncpg.Connection, package: str
) -> None:
    queries = queries_of(SOURCES["chassis"]) | queries_of(SOURCES[package])
    tried, refused = 0, {}
    for name, query in queries.items():
        try:
            # Rights are looked at when a plan is made ready to run, which this does.
            await serving.execute(f"EXPLAIN (GENERIC_PLAN) {query}")
        except asyncpg.InsufficientPrivilegeError as error:
            refused[name] = str(error)
        except asyncpg.UndefinedTableError:
            # A projection that this service does not keep.
            continue
        tried += 1
    assert refused == {}
    assert tried >= len(queries) - 4


@pytest.mark.parametrize("package", ["scim"], indirect=True)
async def test_what_a_query_may_not_do_is_noticed(serving: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await serving.execute("EXPLAIN (GENERIC_PLAN) DELETE FROM parked_audit WHERE id = $1")


@pytest.mark.parametrize("package", AUDIT_LOGS, indirect=True)
async def test_nothing_that_was_audited_can_be_changed_or_hidden(
    serving: asyncpg.Connection, package: str
) -> None:
    for table in AUDIT_LOGS[package]:
        for statement in REFUSED:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await serving.execute(statement.format(table=table))


@pytest.mark.parametrize("package", ["scim"], indirect=True)
async def test_addresses_of_two_databases_are_refused(
    owner: str, database: DatabaseFactory
) -> None:
    with pytest.raises(MigrationFailed, match="both addresses must name the same"):
        await grant_to_serving_role(owner, await database("scim"), ())


@pytest.fixture
async def two_roles(postgres: str) -> AsyncIterator[ServiceDatabase]:
    name = f"test_{uuid7().hex}"
    yield await made(postgres, name)
    connection = await asyncpg.connect(postgres)
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.execute(f'DROP ROLE "{name}", "{name}_owner"')
    await connection.close()


async def made(server: str, name: str) -> ServiceDatabase:
    return await ensure_database(server, name=name, password=PASSWORD, owner_password="owns")


async def test_a_database_of_one_role_passes_to_an_owner_and_keeps_its_rows(
    postgres: str, two_roles: ServiceDatabase
) -> None:
    name = two_roles.serving.rpartition("/")[2]
    await migrated(two_roles)
    admin = await asyncpg.connect(f"{postgres.rpartition('/')[0]}/{name}")
    # As an earlier release made it.
    await admin.execute(f'REASSIGN OWNED BY "{name}_owner" TO "{name}"')
    await admin.execute(
        "INSERT INTO parked_audit (tenant_id, consumer_group, topic, action, actor, note, detail)"
        " VALUES (gen_random_uuid(), 'g', 't', 'skip', 'ada', 'why', 'what')"
    )
    await admin.close()

    assert await made(postgres, name) == two_roles
    await migrated(two_roles)

    serving = await asyncpg.connect(two_roles.serving)
    assert await serving.fetchval("SELECT actor FROM parked_audit") == "ada"
    for statement in (*REFUSED, "CREATE TEMPORARY TABLE own (number int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await serving.execute(statement.format(table="audit_log"))
    await serving.close()


async def migrated(database: ServiceDatabase) -> None:
    """Run the directory's own command."""
    settings = {
        "ENVIRONMENT": "test",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "DIRECTORY_DATABASE_URL": database.serving,
        "DIRECTORY_MIGRATION_DATABASE_URL": database.owner,
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tenant_directory", "migrate"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
