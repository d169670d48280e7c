"""Finds SQL that reaches into a tenant's table without saying which tenant.

A tenant table is one whose definition has a tenant_id column. Each statement, and each statement
nested in it (common table expression, subselect), is looked at for itself: what it writes must have
tenant_id among its columns, and every tenant table it reads must be bound by its tenant_id.
A query that is meant to cross tenants says so: `-- cross-tenant: <reason>`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

EXEMPTION = re.compile(r"^--\s*cross-tenant:[ \t]*(\S.*)$", re.MULTILINE)
_TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+) \((.*?)^\)", re.DOTALL | re.MULTILINE)
_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\b", re.IGNORECASE)
_BRANCHES = re.compile(r"\b(?:UNION(?: ALL)?|INTERSECT|EXCEPT)\b", re.IGNORECASE)
_READ = re.compile(
    r"(?:\b(?:FROM|JOIN|USING|UPDATE|ONLY|LATERAL)|,)\s+(\w+)\b(?!\s*[.(])(?=(?:\s+(?:AS\s+)?(\w+))?)",
    re.IGNORECASE,
)
_WRITE = re.compile(r"\bINSERT\s+INTO\s+(\w+)(?:\s+AS\s+\w+)?\s*\(([^)]*)\)", re.IGNORECASE)
_BOUND = re.compile(
    r"((?:\w+\.)?tenant_id)\s*(?:=|<>|IN\b|IS\b)|=\s*((?:\w+\.)?tenant_id)\b", re.IGNORECASE
)
_ROW = re.compile(r"\(([^()]*\btenant_id\b[^()]*)\)\s*(?:=|IN\b|<|>)", re.IGNORECASE)
_SHARED = re.compile(r"\bUSING\s*\([^)]*\btenant_id\b", re.IGNORECASE)
_KEYWORDS = {
    *("where", "set", "on", "using", "join", "left", "right", "full", "inner", "cross", "order"),
    *("group", "limit", "for", "returning", "natural", "union", "having", "as", "values", "select"),
    *("offset", "window", "tablesample", "default", "do"),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A tenant table that a statement reads, and the name it has there."""

    table: str
    alias: str


def tenant_tables(migrations: str) -> set[str]:
    """Return the names of the tables that have a tenant_id column."""
    return {name for name, body in _TABLE.findall(migrations) if re.search(r"\btenant_id\b", body)}


def violations(query: str, tables: set[str]) -> list[str]:
    """Return what is wrong with a query, nothing when it is bound to a tenant or exempted."""
    if EXEMPTION.search(query):
        return []
    return [wrong for part in _statements(_bare(query)) for wrong in _check(part, tables)]


def _check(statement: str, tables: set[str]) -> Iterator[str]:
    for table, columns in _WRITE.findall(statement):
        if table in tables and not re.search(r"\btenant_id\b", columns):
            yield f"inserts into {table} without tenant_id"
    references = [reference for reference in _references(statement) if reference.table in tables]
    bound = {name.lower() for pair in _BOUND.findall(statement) for name in pair if name}
    for row in _ROW.findall(statement):
        bound |= {name.strip().lower() for name in row.split(",")}
    # Joined by tenant_id: to another bound table, or to rows that were handed in.
    shared = bool(_SHARED.search(statement)) and (bool(bound) or len(references) == 1)
    for reference in references:
        alone = len(references) == 1 and "tenant_id" in bound
        if not (shared or alone or f"{reference.alias}.tenant_id" in bound):
            yield f"uses {reference.table} without binding {reference.alias}.tenant_id"


def _references(statement: str) -> Iterator[Reference]:
    for table, alias in _READ.findall(statement):
        named = alias and alias.lower() not in _KEYWORDS
        yield Reference(table, (alias if named else table).lower())


def _statements(text: str) -> Iterator[str]:
    """Yield the statement without its nested statements, then those, for each branch of a union."""
    outer, nested = _split(text)
    yield from _BRANCHES.split(outer)
    for each in nested:
        yield from _statements(each)


def _split(text: str) -> tuple[str, list[str]]:
    outer: list[str] = []
    nested: list[str] = []
    position = 0
    while position < len(text):
        if text[position] == "(" and _STATEMENT.match(text, position + 1):
            end = _closing(text, position)
            nested.append(text[position + 1 : end])
            outer.append("()")
            position = end + 1
        else:
            outer.append(text[position])
            position += 1
    return "".join(outer), nested


def _closing(text: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return len(text)


def _bare(query: str) -> str:
    """Return the query without comments and the content of its literals."""
    without_comments = re.sub(r"--[^\n]*", "", query)
    return re.sub(r"'(?:[^']|'')*'", "''", without_comments)
