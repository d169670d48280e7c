"""Finding users: the query that an index serves best leads, the other clauses follow it.

A lead that finds one user at most (id, user name) has the rest of the filter checked on its row.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from chassis.database import load_queries
from scim.domain.query import Equals, Field, Filter, Page, Unindexed
from scim.storage.rows import Row, single_values, user_record
from scim.usecases.ports import Found, UserRecord

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
_LEADS = {Field.ID: "find_user_by_id", Field.USER_NAME: "find_user_by_user_name"}
_LISTS = {
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
    pool: asyncpg.Pool, tenant_id: UUID, wanted: Filter, page: Page
) -> Found[UserRecord]:
    """Return a page of the matching users in the order of their ids."""
    for clause in wanted:
        if clause.field in _LEADS:
            row = await pool.fetchrow(QUERIES[_LEADS[clause.field]], tenant_id, clause.value)
            return _one(row, wanted, page)
    offset_and_count = (page.offset, page.count)
    if not wanted:
        rows = await pool.fetch(QUERIES["list_users"], tenant_id, *offset_and_count)
        return _page(rows)
    if len(wanted) == 1 and wanted[0].field in _LISTS:
        query = QUERIES[_LISTS[wanted[0].field]]
        return _page(await pool.fetch(query, tenant_id, *offset_and_count, wanted[0].value))
    asked = single_values(wanted, several=Field.EMAIL)
    if asked is None:
        return Found(0, ())
    values = [asked.get(field) for field in _SEARCHED]
    values += _document_values(wanted)
    return _page(await pool.fetch(QUERIES["search_users"], tenant_id, *offset_and_count, *values))


def _document_values(wanted: Filter) -> list[object]:
    """Return the JSON path, its variables, the value and whether its case counts."""
    for clause in wanted:
        if isinstance(clause.field, Unindexed):
            place = clause.field
            head, *rest = (f'."{name}"' for name in place.path)
            typed = '[*] ? (@."type" == $type)' if place.type is not None else ""
            path = "".join(("$", head, typed, *rest))
            variables = orjson.dumps({"type": place.type}).decode()
            return [path, variables, clause.value, place.case_exact]
    return [None, None, None, None]


def _one(row: Row | None, wanted: Filter, page: Page) -> Found[UserRecord]:
    if row is None or not all(_holds(row, clause) for clause in wanted):
        return Found(0, ())
    shown = page.start_index == 1 and page.count > 0
    return Found(1, (user_record(row),) if shown else ())


def _holds(row: Row, clause: Equals) -> bool:
    if clause.field is Field.EMAIL:
        return clause.value in row["email_keys"]
    if isinstance(clause.field, Unindexed):
        raise LookupError("the filter's reader combines these with no lead")
    return bool(row[_COLUMNS[clause.field]] == clause.value)


def _page(rows: Sequence[Row]) -> Found[UserRecord]:
    records = [user_record(row) for row in rows if row["id"] is not None]
    return Found(rows[0]["total"], records)
