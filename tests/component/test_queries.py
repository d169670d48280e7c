"""Every named query of every service is prepared against the migrated schema."""

from pathlib import Path

import asyncpg
import pytest

from chassis.database.queries import parse_queries
from support.databases import PACKAGES, DatabaseFactory
from support.repository import source_packages


def queries_of(package: Path) -> dict[str, str]:
    return {
        f"{path.stem}/{name}": query.sql
        for path in sorted(package.rglob("queries/*.sql"))
        for name, query in parse_queries(path.read_text(), path.stem).items()
    }


PACKAGE_OF = {service: package or "chassis" for service, package in PACKAGES.items()}
# Queries of the chassis are those of its projections, too.
DATABASE_OF = {"chassis": "projections"}
SOURCES = {path.name: path for path in source_packages()}


@pytest.mark.parametrize("service", PACKAGES)
async def test_every_query_fits_the_schema(database: DatabaseFactory, service: str) -> None:
    connection = await asyncpg.connect(await database(DATABASE_OF.get(service, service)))
    refused = {}
    for name, query in queries_of(SOURCES[PACKAGE_OF[service]]).items():
        try:
            await connection.prepare(query)
        except asyncpg.PostgresError as error:
            refused[name] = str(error)
    await connection.close()

    assert refused == {}


async def test_a_query_that_does_not_fit_is_noticed(
    database: DatabaseFactory,
) -> None:
    connection = await asyncpg.connect(await database("chassis"))
    with pytest.raises(asyncpg.UndefinedColumnError):
        await connection.prepare("SELECT no_such_column FROM outbox")
    await connection.close()


def test_every_package_with_queries_is_covered() -> None:
    with_queries = {name for name, path in SOURCES.items() if queries_of(path)}
    assert with_queries <= set(PACKAGE_OF.values())
