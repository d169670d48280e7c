"""Finding groups: by a name or id that leads to one, or by search."""

from uuid import UUID

import asyncpg

from chassis.database import load_queries
from scim.domain.query import Field, Filter, Page
from scim.storage.rows import group_record, single_values
from scim.usecases.ports import Found, GroupRecord

QUERIES = load_queries("scim.storage", "groups")

_SEARCHED = (Field.ID, Field.DISPLAY_NAME, Field.EXTERNAL_ID, Field.MEMBER)


async def find_groups(
    pool: asyncpg.Pool, tenant_id: UUID, wanted: Filter, page: Page, *, with_members: bool
) -> Found[GroupRecord]:
    """Return a page of the matching groups in the order of their ids."""
    if len(wanted) == 1 and wanted[0].field is Field.DISPLAY_NAME and page.start_index == 1:
        return await _named(pool, tenant_id, wanted[0].value, page, with_members)
    asked = single_values(wanted, several=Field.MEMBER)
    if asked is None:
        return Found(0, ())
    values = [asked.get(field) for field in _SEARCHED]
    rows = await pool.fetch(
        QUERIES["search_groups"], tenant_id, page.offset, page.count, with_members, *values
    )
    records = [group_record(row) for row in rows if row["id"] is not None]
    return Found(rows[0]["total"], records)


async def _named(
    pool: asyncpg.Pool, tenant_id: UUID, key: object, page: Page, with_members: bool
) -> Found[GroupRecord]:
    row = await pool.fetchrow(
        QUERIES["find_group_by_display_name"], tenant_id, key, with_members and page.count > 0
    )
    if row is None:
        return Found(0, ())
    return Found(1, (group_record(row),) if page.count else ())
