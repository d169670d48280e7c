"""Finding groups: by a name or id that leads to one, or by search."""

from uuid import UUID

import asyncpg

from chassis.database import read_queries
from scim.domain.query import Field, Filter, Page
from scim.storage.rows import group_record, single_values
from scim.usecases.ports import MEMBERS_AT_ONCE, GroupRecord, SearchResult

QUERIES = read_queries("scim.storage", "groups")

_PARAMETERS = {
    Field.ID: "group_id",
    Field.DISPLAY_NAME: "display_name_key",
    Field.EXTERNAL_ID: "external_id",
    Field.MEMBER: "members",
}


async def find_groups(
    pool: asyncpg.Pool, tenant_id: UUID, clauses: Filter, page: Page, *, with_members: bool
) -> SearchResult[GroupRecord]:
    """Return a page of the matching groups in the order of their ids."""
    if len(clauses) == 1 and clauses[0].field is Field.DISPLAY_NAME and page.start_index == 1:
        return await _named(pool, tenant_id, clauses[0].value, page, with_members)
    values = single_values(clauses, several=Field.MEMBER)
    if values is None:
        return SearchResult(0, ())
    searched = {name: values.get(field) for field, name in _PARAMETERS.items()} if clauses else {}
    query = QUERIES["search_groups" if clauses else "list_groups"](
        tenant_id=tenant_id,
        offset=page.offset,
        limit=page.count,
        with_members=with_members,
        most_members=MEMBERS_AT_ONCE + 1,
        **searched,
    )
    rows = await pool.fetch(*query)
    records = [group_record(row) for row in rows if row["id"] is not None]
    return SearchResult(rows[0]["total"], records)


async def _named(
    pool: asyncpg.Pool, tenant_id: UUID, key: object, page: Page, with_members: bool
) -> SearchResult[GroupRecord]:
    query = QUERIES["find_group_by_display_name"](
        tenant_id=tenant_id,
        display_name_key=key,
        with_members=with_members and page.count > 0,
        most_members=MEMBERS_AT_ONCE + 1,
    )
    row = await pool.fetchrow(*query)
    if row is None:
        return SearchResult(0, ())
    return SearchResult(1, (group_record(row),) if page.count else ())
