"""Groups and memberships in PostgreSQL; members are added and removed as sets, never one by one."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from tenant_directory.domain.group import Group, display_name_key
from tenant_directory.storage.rows import group_values, to_group, to_joined_tenant
from tenant_directory.usecases.ports import GroupLookup, GroupSummary, Member, MembersResult

QUERIES = read_queries("tenant_directory.storage", "groups")


class PostgresGroups:
    """The groups, on one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def find(self, tenant_id: UUID, group_id: UUID) -> GroupLookup:
        """Return tenant and group, the group locked."""
        query = QUERIES["find_group"](tenant_id=tenant_id, group_id=group_id)
        row = await self._connection.fetchrow(*query)
        if row is None:
            return GroupLookup(None, None)
        group = None if row["id"] is None else to_group(row)
        return GroupLookup(to_joined_tenant(tenant_id, row), group)

    async def save(self, group: Group) -> None:
        """Insert a group or replace its state."""
        await self._connection.execute(*QUERIES["save_group"](**group_values(group)))

    async def remove(self, tenant_id: UUID, group_id: UUID) -> None:
        """Remove a group and its memberships."""
        query = QUERIES["remove_group"](tenant_id=tenant_id, group_id=group_id)
        await self._connection.execute(*query)

    async def change_members(
        self, tenant_id: UUID, group_id: UUID, *, add: Sequence[UUID], remove: Sequence[UUID]
    ) -> MembersResult:
        """Add and remove members as sets."""
        query = QUERIES["change_members"](
            tenant_id=tenant_id, group_id=group_id, add=list(add), remove=list(remove)
        )
        row = await self._connection.fetchrow(*query)
        assert row is not None  # noqa: S101 - a SELECT of constants has one row
        return MembersResult(
            group_exists=row["group_exists"],
            unknown=row["unknown"],
            added=row["added"],
            removed=row["removed"],
        )

    async def page(self, tenant_id: UUID, *, after: UUID, limit: int) -> Sequence[GroupSummary]:
        """Return groups after an id, by id."""
        query = QUERIES["page_groups"](tenant_id=tenant_id, after=after, limit=limit)
        rows = await self._connection.fetch(*query)
        return [GroupSummary(to_group(row), row["members"]) for row in rows]

    async def named(self, tenant_id: UUID, display_name: str) -> Sequence[Group]:
        """Return up to ten groups of that display name, compared without case."""
        query = QUERIES["list_groups_named"](
            tenant_id=tenant_id, display_name_key=display_name_key(display_name)
        )
        return [to_group(row) for row in await self._connection.fetch(*query)]

    async def members(
        self, tenant_id: UUID, group_id: UUID, *, after: UUID, limit: int
    ) -> Sequence[Member]:
        """Return members of a group after a user id, by user id."""
        query = QUERIES["page_members"](
            tenant_id=tenant_id, group_id=group_id, after=after, limit=limit
        )
        rows = await self._connection.fetch(*query)
        return [Member(row["user_id"], row["user_name"]) for row in rows]
