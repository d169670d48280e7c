"""Finding users: by the clause that an index serves best, then by the others.

An id or a user name finds one user at most; the rest of the filter is checked on its row.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from chassis.database import load_queries
from scim.domain.query import Equals, Field, Filter, Page, Unindexed
from scim.storage.rows import Row, single_values, user_record
from scim.usecases.ports import SearchResult, UserRecord

QUERIES = load_queries("scim.storage", "users")

_COLUMNS = {
    Field.ID: "id",
    Field.USER_NAME: "user_name_key",
    Field.EXTERNAL_ID: "external_id",
    Field.DISPLAY_NAME: "display_name_key",
    Field.WORK_EMAIL: "work_email_key",
    Field.MANAGER: "manager",
    Field.ACTIVE: "active",
}
_UNIQUE = {Field.ID: "find_user_by_id", Field.USER_NAME: "find_user_by_user_name"}
_INDEXED = {
    Field.EXTERNAL_ID: "list_users_by_external_id",
    Field.WORK_EMAIL: "list_users_by_work_email",
}
_SEARCHED = (
    Field.EXTERNAL_ID,
    Field.DISPLAY_NAME,
    Field.WORK_EMAIL,
    Field.EMAIL,
    Field.MANAGER,
    Field.ACTIVE,
)


async def find_users(
    pool: asyncpg.Pool, tenant_id: UUID, clauses: Filter, page: Page
) -> SearchResult[UserRecord]:
    """Return a page of the matching users in the order of their ids."""
    for clause in clauses:
        if clause.field in _UNIQUE:
            row = await pool.fetchrow(QUERIES[_UNIQUE[clause.field]], tenant_id, clause.value)
            return _one(row, clauses, page)
    offset_and_count = (page.offset, page.count)
    if not clauses:
        rows = await pool.fetch(QUERIES["list_users"], tenant_id, *offset_and_count)
        return _page(rows)
    if len(clauses) == 1 and clauses[0].field in _INDEXED:
        query = QUERIES[_INDEXED[clauses[0].field]]
        return _page(await pool.fetch(query, tenant_id, *offset_and_count, clauses[0].value))
    values = single_values(clauses, several=Field.EMAIL)
    if values is None:
        return SearchResult(0, ())
    arguments = [values.get(field) for field in _SEARCHED]
    arguments += _document_values(clauses)
    return _page(
        await pool.fetch(QUERIES["search_users"], tenant_id, *offset_and_count, *arguments)
    )


def _document_values(clauses: Filter) -> list[object]:
    """Return the JSON path, its variables, the value and whether its case counts."""
    for clause in clauses:
        if isinstance(clause.field, Unindexed):
            attribute = clause.field
            head, *rest = (f'."{name}"' for name in attribute.path)
            typed = '[*] ? (@."type" == $type)' if attribute.type is not None else ""
            path = "".join(("$", head, typed, *rest))
            variables = orjson.dumps({"type": attribute.type}).decode()
            return [path, variables, clause.value, attribute.case_exact]
    return [None, None, None, None]


def _one(row: Row | None, clauses: Filter, page: Page) -> SearchResult[UserRecord]:
    if row is None or not all(_holds(row, clause) for clause in clauses):
        return SearchResult(0, ())
    shown = page.start_index == 1 and page.count > 0
    return SearchResult(1, (user_record(row),) if shown else ())


def _holds(row: Row, clause: Equals) -> bool:
    if clause.field is Field.EMAIL:
        return clause.value in row["email_keys"]
    if isinstance(clause.field, Unindexed):
        raise LookupError("the filter's reader combines these with no lead")
    return bool(row[_COLUMNS[clause.field]] == clause.value)


def _page(rows: Sequence[Row]) -> SearchResult[UserRecord]:
    records = [user_record(row) for row in rows if row["id"] is not None]
    return SearchResult(rows[0]["total"], records)
