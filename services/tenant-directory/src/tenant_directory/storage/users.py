"""Users in PostgreSQL; the unique index on their names decides every race."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from tenant_directory.domain.group import Group
from tenant_directory.domain.user import User
from tenant_directory.storage.rows import to_group, to_joined_tenant, to_user, user_values
from tenant_directory.usecases.ports import ConcurrentChangeError, UserLookup, UserSummary

QUERIES = read_queries("tenant_directory.storage", "users")


class PostgresUsers:
    """The users, on one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def find(self, tenant_id: UUID, user_id: UUID, name_key: str | None) -> UserLookup:
        """Return tenant, user and whoever else has the name, the users locked."""
        query = QUERIES["find_user"](tenant_id=tenant_id, user_id=user_id, name_key=name_key)
        rows = await self._connection.fetch(*query)
        if not rows:
            return UserLookup(None, None, None)
        users = [to_user(row) for row in rows if row["id"] is not None]
        return UserLookup(
            tenant=to_joined_tenant(tenant_id, rows[0]),
            user=next((user for user in users if user.user_id == user_id), None),
            name_holder=next((user for user in users if user.user_id != user_id), None),
        )

    async def by_name(self, tenant_id: UUID, name_key: str) -> User | None:
        """Return the not soft-deleted user of that name, locked."""
        query = QUERIES["find_user_by_name"](tenant_id=tenant_id, name_key=name_key)
        row = await self._connection.fetchrow(*query)
        return None if row is None else to_user(row)

    async def add(self, user: User) -> bool:
        """Add a user unless its name is taken."""
        query = QUERIES["add_user"](**user_values(user))
        return await self._connection.fetchval(*query) is not None

    async def save(self, user: User) -> None:
        """Insert a user or replace its state."""
        query = QUERIES["save_user"](**user_values(user))
        try:
            await self._connection.execute(*query)
        except asyncpg.UniqueViolationError as error:
            raise ConcurrentChangeError(f"the name of {user.user_id} was just taken") from error

    async def remove(self, tenant_id: UUID, user_id: UUID) -> Sequence[UUID]:
        """Remove a user and its memberships; return the groups it was in."""
        query = QUERIES["remove_user"](tenant_id=tenant_id, user_id=user_id)
        return [row["group_id"] for row in await self._connection.fetch(*query)]

    async def page(self, tenant_id: UUID, *, after: UUID, limit: int) -> Sequence[UserSummary]:
        """Return users after an id, by id."""
        query = QUERIES["page_users"](tenant_id=tenant_id, after=after, limit=limit)
        rows = await self._connection.fetch(*query)
        return [UserSummary(to_user(row), row["groups"]) for row in rows]

    async def groups_of(self, tenant_id: UUID, user_id: UUID) -> Sequence[Group]:
        """Return the groups of a user, by display name."""
        query = QUERIES["list_groups_of_user"](tenant_id=tenant_id, user_id=user_id)
        return [to_group(row) for row in await self._connection.fetch(*query)]
