"""The directory in memory: the fake that the conformance suite keeps honest."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chassis.clock import Clock
from chassis.outbox import OutboxRecord
from tenant_directory.domain.audit import AuditRecord, audit_entry
from tenant_directory.domain.changes import Change
from tenant_directory.domain.group import Group, display_name_key
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import User
from tenant_directory.storage.change_log import Outgoing
from tenant_directory.usecases.ports import (
    ConcurrentChangeError,
    GroupLookup,
    GroupSummary,
    Member,
    MembersResult,
    UnitOfWork,
    UserLookup,
    UserSummary,
)

Key = tuple[UUID, UUID]


@dataclass
class State:
    tenants: dict[UUID, Tenant] = field(default_factory=dict)
    users: dict[Key, User] = field(default_factory=dict)
    groups: dict[Key, Group] = field(default_factory=dict)
    memberships: set[tuple[UUID, UUID, UUID]] = field(default_factory=set)
    audit: list[tuple[UUID, AuditRecord]] = field(default_factory=list)
    outbox: list[OutboxRecord] = field(default_factory=list)

    def copy(self) -> "State":
        return State(*(copy(value) for value in vars(self).values()))


class MemoryDirectory:
    """Opens units of work on a copy of the state; a clean exit makes it the state."""

    def __init__(self, clock: Clock, outgoing: Outgoing) -> None:
        self.state = State()
        self._clock = clock
        self._outgoing = outgoing
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def uow(self) -> AsyncIterator[UnitOfWork]:
        async with self._lock:
            draft = self.state.copy()
            yield MemoryUnitOfWork(draft, self._clock, self._outgoing)
            self.state = draft


class MemoryUnitOfWork:
    def __init__(self, state: State, clock: Clock, outgoing: Outgoing) -> None:
        self.tenants = MemoryTenants(state)
        self.users = MemoryUsers(state)
        self.groups = MemoryGroups(state)
        self.change_log = MemoryChangeLog(state, clock, outgoing)


class MemoryTenants:
    def __init__(self, state: State) -> None:
        self._state = state

    async def by_id(self, tenant_id: UUID) -> Tenant | None:
        return self._state.tenants.get(tenant_id)

    async def by_name(self, name: str) -> Tenant | None:
        return next((t for t in self._state.tenants.values() if t.name == name), None)

    async def add(self, tenant: Tenant) -> bool:
        if await self.by_name(tenant.name):
            return False
        self._state.tenants[tenant.tenant_id] = tenant
        return True

    async def save(self, tenant: Tenant) -> None:
        self._state.tenants[tenant.tenant_id] = tenant

    async def page(self, *, after: str, limit: int) -> Sequence[Tenant]:
        names = sorted((t for t in self._state.tenants.values()), key=lambda t: t.name)
        return [tenant for tenant in names if tenant.name > after][:limit]


class MemoryUsers:
    def __init__(self, state: State) -> None:
        self._state = state

    def _of(self, tenant_id: UUID) -> list[User]:
        users = [user for (tenant, _), user in self._state.users.items() if tenant == tenant_id]
        return sorted(users, key=lambda user: user.user_id)

    def _holders(self, tenant_id: UUID, name_key: str | None) -> list[User]:
        users = self._of(tenant_id)
        return [user for user in users if user.name_key == name_key and not user.soft_deleted]

    async def find(self, tenant_id: UUID, user_id: UUID, name_key: str | None) -> UserLookup:
        tenant = self._state.tenants.get(tenant_id)
        if tenant is None:
            return UserLookup(None, None, None)
        holders = [u for u in self._holders(tenant_id, name_key) if u.user_id != user_id]
        user = self._state.users.get((tenant_id, user_id))
        return UserLookup(tenant, user, holders[0] if holders else None)

    async def by_name(self, tenant_id: UUID, name_key: str) -> User | None:
        return next(iter(self._holders(tenant_id, name_key)), None)

    async def add(self, user: User) -> bool:
        if self._holders(user.tenant_id, user.name_key):
            return False
        self._state.users[user.tenant_id, user.user_id] = user
        return True

    async def save(self, user: User) -> None:
        holders = self._holders(user.tenant_id, user.name_key)
        if not user.soft_deleted and any(each.user_id != user.user_id for each in holders):
            raise ConcurrentChangeError(user.user_name)
        self._state.users[user.tenant_id, user.user_id] = user

    async def remove(self, tenant_id: UUID, user_id: UUID) -> Sequence[UUID]:
        self._state.users.pop((tenant_id, user_id), None)
        left = {m for m in self._state.memberships if (m[0], m[2]) == (tenant_id, user_id)}
        self._state.memberships -= left
        return sorted(group_id for _, group_id, _ in left)

    async def page(self, tenant_id: UUID, *, after: UUID, limit: int) -> Sequence[UserSummary]:
        rows = [user for user in self._of(tenant_id) if user.user_id > after]
        return [
            UserSummary(user, len(await self.groups_of(tenant_id, user.user_id)))
            for user in rows[:limit]
        ]

    async def groups_of(self, tenant_id: UUID, user_id: UUID) -> Sequence[Group]:
        groups = [
            self._state.groups[tenant, group]
            for tenant, group, user in self._state.memberships
            if (tenant, user) == (tenant_id, user_id)
        ]
        return sorted(groups, key=lambda group: (group.display_name_key, group.group_id))


class MemoryGroups:
    def __init__(self, state: State) -> None:
        self._state = state

    def _of(self, tenant_id: UUID) -> list[Group]:
        groups = [group for (tenant, _), group in self._state.groups.items() if tenant == tenant_id]
        return sorted(groups, key=lambda group: group.group_id)

    async def find(self, tenant_id: UUID, group_id: UUID) -> GroupLookup:
        tenant = self._state.tenants.get(tenant_id)
        return GroupLookup(tenant, self._state.groups.get((tenant_id, group_id)))

    async def save(self, group: Group) -> None:
        self._state.groups[group.tenant_id, group.group_id] = group

    async def remove(self, tenant_id: UUID, group_id: UUID) -> None:
        self._state.groups.pop((tenant_id, group_id), None)
        members = {m for m in self._state.memberships if m[:2] == (tenant_id, group_id)}
        self._state.memberships -= members

    async def change_members(
        self, tenant_id: UUID, group_id: UUID, *, add: Sequence[UUID], remove: Sequence[UUID]
    ) -> MembersResult:
        unknown = [each for each in add if (tenant_id, each) not in self._state.users]
        if (tenant_id, group_id) not in self._state.groups:
            return MembersResult(False, unknown, [], [])
        before = self._state.memberships
        wanted = {(tenant_id, group_id, each) for each in add if each not in unknown} - before
        unwanted = {(tenant_id, group_id, each) for each in remove} & before
        self._state.memberships = (before | wanted) - unwanted
        return MembersResult(
            True, unknown, [user for *_, user in wanted], [user for *_, user in unwanted]
        )

    async def page(self, tenant_id: UUID, *, after: UUID, limit: int) -> Sequence[GroupSummary]:
        groups = [group for group in self._of(tenant_id) if group.group_id > after]
        return [
            GroupSummary(group, len(self._members(tenant_id, group.group_id)))
            for group in groups[:limit]
        ]

    async def named(self, tenant_id: UUID, display_name: str) -> Sequence[Group]:
        key = display_name_key(display_name)
        same = [each for each in self._of(tenant_id) if each.display_name_key == key]
        return same[:10]

    async def members(
        self, tenant_id: UUID, group_id: UUID, *, after: UUID, limit: int
    ) -> Sequence[Member]:
        ids = [each for each in self._members(tenant_id, group_id) if each > after]
        return [Member(each, self._state.users[tenant_id, each].user_name) for each in ids[:limit]]

    def _members(self, tenant_id: UUID, group_id: UUID) -> list[UUID]:
        return sorted(m[2] for m in self._state.memberships if m[:2] == (tenant_id, group_id))


class MemoryChangeLog:
    def __init__(self, state: State, clock: Clock, outgoing: Outgoing) -> None:
        self._state = state
        self._clock = clock
        self._outgoing = outgoing

    async def record(self, tenant_id: UUID, changes: Sequence[Change], *, actor: str) -> None:
        now = self._clock.now()
        for change in changes:
            entry = audit_entry(change)
            number = len(self._state.audit) + 1
            record = AuditRecord(
                number, now, actor, entry.action, entry.subject, entry.details, None
            )
            self._state.audit.append((tenant_id, record))
        self._state.outbox += self._outgoing(tenant_id, changes, now)

    async def page(
        self, tenant_id: UUID, *, before: int | None, limit: int
    ) -> Sequence[AuditRecord]:
        records = [record for tenant, record in self._state.audit if tenant == tenant_id]
        older = [record for record in records if before is None or record.id < before]
        return older[::-1][:limit]

    async def page_from(
        self, tenant_id: UUID, *, after: int, since: datetime, until: datetime, limit: int
    ) -> Sequence[AuditRecord]:
        return [
            record
            for tenant, record in self._state.audit
            if tenant == tenant_id and record.id > after and since <= record.at < until
        ][:limit]
