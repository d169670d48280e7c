"""Finding groups: by a name or id that leads to one, or by search."""

from uuid import UUID

import asyncpg

from chassis.database import load_queries
from scim.domain.query import Field, Filter, Page
from scim.storage.rows import group_record, single_values
from scim.usecases.ports import GroupRecord, SearchResult

QUERIES = load_queries("scim.storage", "groups")

_SEARCHED = (Field.ID, Field.DISPLAY_NAME, Field.EXTERNAL_ID, Field.MEMBER)


async def find_groups(
    pool: asyncpg.Pool, tenant_id: UUID, clauses: Filter, page: Page, *, with_members: bool
) -> SearchResult[GroupRecord]:
    """Return a page of the matching groups in the order of their ids."""
    if len(clauses) == 1 and clauses[0].field is Field.DISPLAY_NAME and page.start_index == 1:
        return await _named(pool, tenant_id, clauses[0].value, page, with_members)
    values = single_values(clauses, several=Field.MEMBER)
    if values is None:
        return SearchResult(0, ())
    arguments = [values.get(field) for field in _SEARCHED]
    rows = await pool.fetch(
        QUERIES["search_groups"], tenant_id, page.offset, page.count, with_members, *arguments
    )
    records = [group_record(row) for row in rows if row["id"] is not None]
    return SearchResult(rows[0]["total"], records)


async def _named(
    pool: asyncpg.Pool, tenant_id: UUID, key: object, page: Page, with_members: bool
) -> SearchResult[GroupRecord]:
    row = await pool.fetchrow(
        QUERIES["find_group_by_display_name"], tenant_id, key, with_members and page.count > 0
    )
    if row is None:
        return SearchResult(0, ())
    return SearchResult(1, (group_record(row),) if page.count else ())
