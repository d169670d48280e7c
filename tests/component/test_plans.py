"""What statements cost does not grow with the tables, as plans on tables that have grown tell."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from chassis.database import create_pool
from chassis.database.queries import Query, parse_queries, parse_query
from scim.storage.pool import open_pool
from support.big_tenant import SMALL, load_big_tenants
from support.databases import DatabaseFactory
from support.plans import explain, large_tables, unbounded
from support.repository import source_packages

SERVICE_OF = {
    "scim": "scim",
    "tenant_directory": "tenant-directory",
    "domain_verifier": "domain-verifier",
    "sso": "sso",
    # Has the chassis' tables with all projections, and a planner left as it is.
    "chassis": "domain-verifier",
}
_NO_INDEX = (
    "a search without an index, bounded by slots; by id or external id its plan knows the value"
)
_METRICS = "counts everything, once in a while, in the background"
_ON_THEIR_WAY = "the logins of ten minutes, when a connection or a tenant is suspended"
_OPERATOR = "an operator's command"

EXEMPT: Mapping[str, str] = {
    "chassis/relay/resend_newest": "after a send that came late, which takes a crash",
    "scim/groups/change_group": "a PUT that clears members deletes all of them",
    "scim/groups/search_groups": _NO_INDEX,
    "scim/users/search_users": _NO_INDEX,
    "scim/tokens/list_live_tokens": "in the background; a tenant has a few tokens",
    "scim/listing_counts/list_uneven_counts": _METRICS,
    "scim/listing_counts/even_out_counts": "counts the one range that it divides",
    "domain_verifier/breakers/count_held": _METRICS,
    "domain_verifier/claims/measure_claims": _METRICS,
    "domain_verifier/claims/list_attention": _OPERATOR,
    "domain_verifier/claims/list_claims_to": _OPERATOR,
    "sso/endings/delete_logins_of_connection": _ON_THEIR_WAY,
    "sso/endings/delete_logins_of_tenant": _ON_THEIR_WAY,
    "sso/endings/end_sessions_of_tenant": "all of a tenant that is suspended or gone",
    "sso/logout_notices/sum_up_notices": _OPERATOR,
    "sso/people/delete_tenant_users": "a tenant that is gone",
    "tenant_directory/groups/page_groups": f"{_OPERATOR}; counts the members of the groups shown",
}
"""Statements that may grow, and why."""


def queries_of(package: Path) -> Mapping[str, Query]:
    return {
        f"{package.name}/{path.stem}/{name}": query
        for path in sorted(package.rglob("queries/*.sql"))
        for name, query in parse_queries(path.read_text(), path.stem).items()
    }


PACKAGES = {path.name: queries for path in source_packages() if (queries := queries_of(path))}


@asynccontextmanager
async def grown(database: DatabaseFactory, service: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect, as the service does, to its database with large tables."""
    open_it = open_pool if service == "scim" else create_pool
    pool = await open_it(await database(service), size=1)
    async with pool, pool.acquire() as connection:
        await load_big_tenants(connection, service)  # type: ignore[arg-type]  # a pool's proxy
        yield connection  # type: ignore[misc]


@pytest.mark.parametrize("package", PACKAGES)
async def test_no_statement_grows_with_its_tables(database: DatabaseFactory, package: str) -> None:
    async with grown(database, SERVICE_OF[package]) as connection:
        large = await large_tables(connection)
        plans = {
            name: await explain(connection, query) for name, query in PACKAGES[package].items()
        }
    found = {name: scans for name, plan in plans.items() if (scans := unbounded(plan, large))}

    exempt = {name for name in EXEMPT if name.startswith(f"{package}/")}
    assert {name: scans for name, scans in found.items() if name not in exempt} == {}
    assert exempt - found.keys() == set(), "these are bounded: no exemption is needed"


@pytest.mark.parametrize("service", sorted(set(SERVICE_OF.values())))
async def test_every_table_is_filled_or_stays_small(
    database: DatabaseFactory, service: str
) -> None:
    async with grown(database, service) as connection:
        rows = await connection.fetch(
            "SELECT relname, reltuples FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace"
        )
    tables = {row["relname"]: row["reltuples"] for row in rows}
    assert {name for name, size in tables.items() if size < 3_000} - SMALL.keys() == set()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM users WHERE tenant_id = :tenant_id AND display_name_key = :key",
        "SELECT id FROM users WHERE tenant_id = :tenant_id ORDER BY created_at LIMIT 10",
        "SELECT count(*) FROM users WHERE tenant_id = :tenant_id",
        "SELECT user_id FROM group_members WHERE tenant_id = :tenant_id AND group_id = :group_id",
        "SELECT id FROM users ORDER BY tenant_id, id OFFSET :offset",
        "DELETE FROM outbox WHERE subject = :subject",
    ],
)
async def test_statements_that_grow_are_noticed(database: DatabaseFactory, sql: str) -> None:
    async with grown(database, "scim") as connection:
        plan = await explain(connection, parse_query("growing", sql))
        assert unbounded(plan, await large_tables(connection))
