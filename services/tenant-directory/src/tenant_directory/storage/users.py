"""Users in PostgreSQL; the unique index on their names decides every race."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from chassis.database import load_queries
from tenant_directory.domain.group import Group
from tenant_directory.domain.user import User
from tenant_directory.storage.found import to_found_tenant
from tenant_directory.storage.rows import from_user, to_group, to_user
from tenant_directory.usecases.ports import ConcurrentChangeError, UserLookup, UserSummary

QUERIES = load_queries("tenant_directory.storage", "users")

FIRST = UUID(int=0)
"""Sorts before every id."""


class PostgresUsers:
    """The users, on one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def find(self, tenant_id: UUID, user_id: UUID, name_key: str | None) -> UserLookup:
        """Return tenant, user and holder of the name in one look, the users locked."""
        rows = await self._connection.fetch(QUERIES["find_user"], tenant_id, user_id, name_key)
        if not rows:
            return UserLookup(None, None, None)
        users = [to_user(row) for row in rows if row["id"] is not None]
        return UserLookup(
            tenant=to_found_tenant(tenant_id, rows[0]),
            user=next((user for user in users if user.user_id == user_id), None),
            holder=next((user for user in users if user.user_id != user_id), None),
        )

    async def by_name(self, tenant_id: UUID, name_key: str) -> User | None:
        """Return the not soft-deleted user of that name, locked."""
        row = await self._connection.fetchrow(QUERIES["find_user_by_name"], tenant_id, name_key)
        return None if row is None else to_user(row)

    async def add(self, user: User) -> bool:
        """Add a user unless its name is taken."""
        added = await self._connection.fetchval(QUERIES["add_user"], *from_user(user))
        return added is not None

    async def save(self, user: User) -> None:
        """Insert a user or replace its state."""
        try:
            await self._connection.execute(QUERIES["save_user"], *from_user(user))
        except asyncpg.UniqueViolationError as error:
            raise ConcurrentChangeError(
                f"the name of user {user.user_id} was just taken"
            ) from error

    async def remove(self, tenant_id: UUID, user_id: UUID) -> Sequence[UUID]:
        """Remove a user and its memberships; return the groups it was in."""
        rows = await self._connection.fetch(QUERIES["remove_user"], tenant_id, user_id)
        return [row["group_id"] for row in rows]

    async def page(
        self, tenant_id: UUID, *, after: UUID | None, limit: int
    ) -> Sequence[UserSummary]:
        """Return users after an id, by id."""
        rows = await self._connection.fetch(QUERIES["page_users"], tenant_id, after or FIRST, limit)
        return [UserSummary(to_user(row), row["groups"]) for row in rows]

    async def groups_of(self, tenant_id: UUID, user_id: UUID) -> Sequence[Group]:
        """Return the groups of a user, by display name."""
        rows = await self._connection.fetch(QUERIES["list_groups_of_user"], tenant_id, user_id)
        return [to_group(row) for row in rows]
