"""No query reaches into a tenant's table without saying which tenant."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.database.queries import parse_queries
from support.repository import ROOT, source_packages
from support.sql_rules import tenant_tables, violations

TABLES = {"users", "groups", "members"}
SQL = re.compile(
    r"\b(SELECT\b.*\bFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b", re.DOTALL
)


def migrations_of(package: Path) -> str:
    chassis = ROOT / "libs/chassis/src/chassis"
    directories = [
        chassis / "database" / "migrations",
        chassis / "projection" / "migrations",
        package / "storage" / "migrations",
    ]
    return "\n".join(path.read_text() for each in directories for path in each.rglob("*.sql"))


def named_queries() -> Iterator[tuple[str, str, set[str]]]:
    for package in source_packages():
        tables = tenant_tables(migrations_of(package))
        for path in sorted(package.rglob("queries/*.sql")):
            for name, query in parse_queries(path.read_text(), path.stem).items():
                yield f"{package.name}/{path.stem}/{name}", query.sql, tables


@pytest.mark.parametrize(
    ("query", "tables"),
    [pytest.param(query, tables, id=name) for name, query, tables in named_queries()],
)
def test_query_is_bound_to_a_tenant(query: str, tables: set[str]) -> None:
    assert violations(query, tables) == []


def test_tables_with_a_tenant_are_found_in_migrations() -> None:
    text = "CREATE TABLE users (\n  tenant_id uuid\n);\nCREATE TABLE breakers (\n  name text\n);\n"
    assert tenant_tables(text) == {"users"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM users WHERE id = $1",
        "SELECT tenant_id FROM users",
        "SELECT tenant_id, id FROM users ORDER BY tenant_id",
        "SELECT count(*) FROM (SELECT tenant_id, name FROM users ORDER BY id) AS some",
        "SELECT u.id FROM users u JOIN members m ON m.user_id = u.id WHERE u.tenant_id = $1",
        "SELECT u.id FROM users AS u, members AS m WHERE u.tenant_id = $1 AND m.user_id = u.id",
        "INSERT INTO users (id, name) VALUES ($1, $2)",
        "UPDATE users SET active = false WHERE id = $1",
        "DELETE FROM users WHERE id = $1 -- tenant_id = $2",
        "DELETE FROM users WHERE name = 'tenant_id = 1'",
        "WITH gone AS (DELETE FROM members WHERE user_id = $2) "
        "DELETE FROM users WHERE tenant_id = $1 AND id = $2",
        "SELECT 1 FROM users WHERE tenant_id = $1 AND EXISTS (SELECT FROM groups WHERE id = $2)",
        "SELECT id FROM users WHERE tenant_id = $1 UNION ALL SELECT id FROM groups",
        "-- cross-tenant:\nSELECT id FROM users",
    ],
)
def test_query_without_its_tenant_is_refused(query: str) -> None:
    assert violations(query, TABLES) != []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM users WHERE tenant_id = $1 AND id = $2",
        "SELECT 1 FROM users u JOIN members m ON m.tenant_id = u.tenant_id WHERE u.tenant_id = $1",
        "SELECT id FROM users JOIN members USING (tenant_id, id) WHERE users.tenant_id = $1",
        "INSERT INTO users (tenant_id, id) SELECT $1, wanted.id FROM unnest($2) AS wanted (id)",
        "DELETE FROM members WHERE (tenant_id, id) IN (SELECT $1, id FROM chosen)",
        "WITH found AS (SELECT id FROM users WHERE tenant_id = $1) SELECT id FROM found",
        "SELECT name FROM breakers",
        "-- cross-tenant: the retention sweep deletes by age\nDELETE FROM users WHERE at < $1",
    ],
)
def test_query_with_its_tenant_passes(query: str) -> None:
    assert violations(query, TABLES) == []


@pytest.mark.parametrize("package", source_packages(), ids=lambda path: path.name)
def test_sql_lives_in_query_files(package: Path) -> None:
    if package.name not in {"embedded", "demo"}:
        assert list(sql_in_python(package)) == []


def sql_in_python(package: Path) -> Iterator[str]:
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if SQL.search(node.value):
                yield f"{path.relative_to(ROOT)}:{node.lineno}"
