"""The directory as a batch of events finds and leaves it, in memory.

Everything the events can need was read before (`storage.batch`); each event decides on what those
before it have left. What was not read is refused, never taken for missing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import User
from tenant_directory.usecases.ports import (
    ConcurrentChangeError,
    GroupLookup,
    Key,
    MembersResult,
    Touched,
    UserLookup,
)

Membership = tuple[UUID, UUID, UUID]
"""Tenant, group, user."""


def _require(read: Collection[object], asked: object) -> None:
    if asked not in read:
        raise LookupError("an event needs what was not read for its batch")


class BatchTenants:
    """The tenants of a batch."""

    def __init__(self, touched: Touched, tenants: Mapping[UUID, Tenant]) -> None:
        self._read = touched.tenants
        self._tenants = tenants

    async def by_id(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant."""
        return self.get(tenant_id)

    def get(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant."""
        _require(self._read, tenant_id)
        return self._tenants.get(tenant_id)


class Memberships:
    """Who is in which group; only those pairs are known that the events are about."""

    def __init__(self, before: Iterable[Membership], users: Iterable[Key]) -> None:
        """Begin with what is in the database: memberships, and the users that exist."""
        self.users = set(users)
        self._before = set(before)
        self._removed: set[Key] = set()
        """Users and groups whose memberships the database removes with them."""
        self._groups_of: dict[Key, set[UUID]] = {}
        self._members_of: dict[Key, set[UUID]] = {}
        for membership in self._before:
            self._join(*membership)

    def change(
        self, tenant_id: UUID, group_id: UUID, *, add: Sequence[UUID], remove: Sequence[UUID]
    ) -> tuple[list[UUID], list[UUID]]:
        """Add and remove members, both by who was in before; return who joined and who left."""
        members = self._members_of.get((tenant_id, group_id), set())
        wanted = dict.fromkeys(add)
        joined = [
            user for user in wanted if user not in members and (tenant_id, user) in self.users
        ]
        left = [user for user in dict.fromkeys(remove) if user in members]
        for user_id in left:
            self._leave(tenant_id, group_id, user_id)
        for user_id in joined:
            self._join(tenant_id, group_id, user_id)
        return joined, left

    def remove_user(self, user: Key) -> list[UUID]:
        """Take a user out of all groups and return them, by id."""
        tenant_id, user_id = user
        groups = sorted(self._groups_of.get(user, ()))
        for group_id in groups:
            self._leave(tenant_id, group_id, user_id)
        self.users.discard(user)
        self._removed.add(user)
        return groups

    def remove_group(self, group: Key) -> None:
        """Take everybody out of a group that ceases to be."""
        tenant_id, group_id = group
        for user_id in list(self._members_of.get(group, ())):
            self._leave(tenant_id, group_id, user_id)
        self._removed.add(group)

    def changes(self) -> tuple[set[Membership], set[Membership]]:
        """Return what is to be inserted and deleted once removed users and groups are gone."""
        now = {
            (tenant_id, group_id, user_id)
            for (tenant_id, group_id), members in self._members_of.items()
            for user_id in members
        }
        before = {
            (tenant_id, group_id, user_id)
            for tenant_id, group_id, user_id in self._before
            if not self._removed & {(tenant_id, group_id), (tenant_id, user_id)}
        }
        return now - before, before - now

    def _join(self, tenant_id: UUID, group_id: UUID, user_id: UUID) -> None:
        self._members_of.setdefault((tenant_id, group_id), set()).add(user_id)
        self._groups_of.setdefault((tenant_id, user_id), set()).add(group_id)

    def _leave(self, tenant_id: UUID, group_id: UUID, user_id: UUID) -> None:
        self._members_of[tenant_id, group_id].discard(user_id)
        self._groups_of[tenant_id, user_id].discard(group_id)


class BatchUsers:
    """The users of a batch."""

    def __init__(
        self,
        touched: Touched,
        tenants: BatchTenants,
        users: Iterable[User],
        memberships: Memberships,
    ) -> None:
        """Begin with the users of the database that the events name, by id or by user name."""
        self.before = {(user.tenant_id, user.user_id): user for user in users}
        self.saved: dict[Key, User] = {}
        self.removed: set[Key] = set()
        """Users of the database to be removed, before others are saved."""
        self._now = dict(self.before)
        self._touched = touched
        self._tenants = tenants
        self._memberships = memberships
        self._holders: dict[tuple[UUID, str], UUID] = {
            (user.tenant_id, user.name_key): user.user_id
            for user in self._now.values()
            if not user.soft_deleted
        }

    async def find(self, tenant_id: UUID, user_id: UUID, name_key: str | None) -> UserLookup:
        """Return tenant, user and whoever else has the name."""
        _require(self._touched.users, (tenant_id, user_id))
        tenant = self._tenants.get(tenant_id)
        if tenant is None:
            return UserLookup(None, None, None)
        holder = None
        if name_key is not None:
            _require(self._touched.names, (tenant_id, name_key))
            holder_id = self._holders.get((tenant_id, name_key), user_id)
            holder = None if holder_id == user_id else self._now[tenant_id, holder_id]
        return UserLookup(tenant, self._now.get((tenant_id, user_id)), holder)

    async def save(self, user: User) -> None:
        """Insert a user or replace its state."""
        key = (user.tenant_id, user.user_id)
        self._free_name(self._now.get(key))
        if not user.soft_deleted:
            name = (user.tenant_id, user.name_key)
            if self._holders.setdefault(name, user.user_id) != user.user_id:
                raise ConcurrentChangeError(f"the name of {user.user_id} is taken")
        self._now[key] = self.saved[key] = user
        self._memberships.users.add(key)

    async def remove(self, tenant_id: UUID, user_id: UUID) -> Sequence[UUID]:
        """Remove a user and its memberships; return the groups it was in."""
        key = (tenant_id, user_id)
        if key in self.before:
            _require(self._touched.leaving, key)
            self.removed.add(key)
        self._free_name(self._now.pop(key, None))
        self.saved.pop(key, None)
        return self._memberships.remove_user(key)

    def renamed(self) -> list[Key]:
        """Return the users of the database whose names pass to others of the batch."""
        taken = {
            (user.tenant_id, user.name_key): key
            for key, user in self.saved.items()
            if not user.soft_deleted
        }
        return [
            key
            for key in self.saved.keys() & self.before.keys() - self.removed
            if not (before := self.before[key]).soft_deleted
            and taken.get((before.tenant_id, before.name_key), key) != key
        ]

    def _free_name(self, user: User | None) -> None:
        if user is not None and not user.soft_deleted:
            self._holders.pop((user.tenant_id, user.name_key), None)


class BatchGroups:
    """The groups and memberships of a batch."""

    def __init__(
        self,
        touched: Touched,
        tenants: BatchTenants,
        groups: Iterable[Group],
        memberships: Memberships,
    ) -> None:
        """Begin with the groups of the database that the events name."""
        self.saved: dict[Key, Group] = {}
        self.removed: set[Key] = set()
        """Groups of the database to be removed, before others are saved."""
        self._now = {(group.tenant_id, group.group_id): group for group in groups}
        self._before = set(self._now)
        self._touched = touched
        self._tenants = tenants
        self._memberships = memberships

    async def find(self, tenant_id: UUID, group_id: UUID) -> GroupLookup:
        """Return tenant and group."""
        _require(self._touched.groups, (tenant_id, group_id))
        tenant = self._tenants.get(tenant_id)
        if tenant is None:
            return GroupLookup(None, None)
        return GroupLookup(tenant, self._now.get((tenant_id, group_id)))

    async def save(self, group: Group) -> None:
        """Insert a group or replace its state."""
        key = (group.tenant_id, group.group_id)
        self._now[key] = self.saved[key] = group

    async def remove(self, tenant_id: UUID, group_id: UUID) -> None:
        """Remove a group and its memberships."""
        key = (tenant_id, group_id)
        if key in self._before:
            self.removed.add(key)
        self._now.pop(key, None)
        self.saved.pop(key, None)
        self._memberships.remove_group(key)

    async def change_members(
        self, tenant_id: UUID, group_id: UUID, *, add: Sequence[UUID], remove: Sequence[UUID]
    ) -> MembersResult:
        """Add and remove members as sets."""
        key = (tenant_id, group_id)
        _require(self._touched.groups, key)
        for user_id in (*add, *remove):
            if (tenant_id, user_id) not in self._touched.leaving:
                _require(self._touched.members, (tenant_id, group_id, user_id))
        unknown = [user for user in add if (tenant_id, user) not in self._memberships.users]
        if key not in self._now:
            return MembersResult(False, unknown, [], [])
        joined, left = self._memberships.change(tenant_id, group_id, add=add, remove=remove)
        return MembersResult(True, unknown, joined, left)
