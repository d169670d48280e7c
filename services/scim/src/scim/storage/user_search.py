"""Finding users: by the clause that an index serves best, then by the others.

An id or a user name finds one user at most; the rest of the filter is checked on its row.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from chassis.database import read_queries
from scim.domain.query import Equals, Field, Filter, Page, Unindexed
from scim.domain.user import User
from scim.storage.rows import Row, changeable_user_record, single_values, user_record
from scim.usecases.ports import SearchResult, UserRecord

QUERIES = read_queries("scim.storage", "users")

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
_PARAMETERS = {**_COLUMNS, Field.ID: "user_id", Field.EMAIL: "email_keys"}
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
            value = {_PARAMETERS[clause.field]: clause.value}
            query = QUERIES[_UNIQUE[clause.field]](tenant_id=tenant_id, **value)
            return _one(await pool.fetchrow(*query), clauses, page)
    name, values = _list_query(clauses)
    if values is None:
        return SearchResult(0, ())
    query = QUERIES[name](tenant_id=tenant_id, offset=page.offset, limit=page.count, **values)
    return _page(await pool.fetch(*query))


def _list_query(clauses: Filter) -> tuple[str, dict[str, object] | None]:
    """Return the query that lists the matching users, and its values; None when none match."""
    if not clauses:
        return "list_users", {}
    field, value = clauses[0].field, clauses[0].value
    if len(clauses) == 1 and field in _INDEXED:
        return _INDEXED[field], {_PARAMETERS[field]: value}
    values = single_values(clauses, several=Field.EMAIL)
    if values is None:
        return "search_users", None
    searched = {_PARAMETERS[field]: values.get(field) for field in _SEARCHED}
    return "search_users", searched | _document_values(clauses)


def _document_values(clauses: Filter) -> dict[str, object]:
    """Return the JSON path of a clause without a column, its variables, value and case."""
    for clause in clauses:
        if isinstance(clause.field, Unindexed):
            attribute = clause.field
            head, *rest = (f'."{name}"' for name in attribute.path)
            typed = '[*] ? (@."type" == $type)' if attribute.type is not None else ""
            return {
                "json_path": "".join(("$", head, typed, *rest)),
                "json_path_variables": orjson.dumps({"type": attribute.type}).decode(),
                "value": clause.value,
                "case_exact": attribute.case_exact,
            }
    return dict.fromkeys(("json_path", "json_path_variables", "value", "case_exact"))


def _one(row: Row | None, clauses: Filter, page: Page) -> SearchResult[UserRecord]:
    if row is None or not all(_holds(row, clause) for clause in clauses):
        return SearchResult(0, ())
    shown = page.start_index == 1 and page.count > 0
    return SearchResult(1, (changeable_user_record(row),) if shown else ())


def _holds(row: Row, clause: Equals) -> bool:
    if clause.field is Field.EMAIL:
        return clause.value in row["email_keys"]
    if clause.field is Field.WORK_EMAIL:
        user = User.from_document(orjson.loads(row["document"]), id=row["id"])
        return clause.value in user.work_email_keys
    if isinstance(clause.field, Unindexed):
        raise LookupError("the filter's reader combines these with no lead")
    return bool(row[_COLUMNS[clause.field]] == clause.value)


def _page(rows: Sequence[Row]) -> SearchResult[UserRecord]:
    records = [user_record(row) for row in rows if row["id"] is not None]
    return SearchResult(rows[0]["total"], records)
