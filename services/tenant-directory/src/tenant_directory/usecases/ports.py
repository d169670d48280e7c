"""What the use cases need from the outside, and what they may assume about it.

Everything reached through one `UnitOfWork` belongs to one transaction: it is committed as a whole
when its `async with` block ends cleanly, and otherwise nothing of it happened.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tenant_directory.domain.audit import AuditRecord
from tenant_directory.domain.changes import Change
from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import User

LOWEST_ID = UUID(int=0)
"""Sorts before every id: where a list begins."""

Key = tuple[UUID, UUID]
"""Tenant, and user or group."""


class ConcurrentChangeError(Exception):
    """Another transaction took the name between look-up and write; a retry will see it."""


@dataclass(frozen=True, slots=True)
class UserLookup:
    """What one statement finds for a user id and a name; the users are locked."""

    tenant: Tenant | None
    user: User | None
    name_holder: User | None
    """Another user, not soft-deleted, that has the name."""


@dataclass(frozen=True, slots=True)
class GroupLookup:
    """What one statement finds for a group id; the group is locked."""

    tenant: Tenant | None
    group: Group | None


@dataclass(frozen=True, slots=True)
class MembersResult:
    """What a change of members has changed."""

    group_exists: bool
    unknown: Sequence[UUID]
    """Ids to be added that are no users of the tenant; they were left out."""
    added: Sequence[UUID]
    removed: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class UserSummary:
    """A user with the number of its groups, as lists show it."""

    user: User
    groups: int


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """A group with the number of its members, as lists show it."""

    group: Group
    members: int


@dataclass(frozen=True, slots=True)
class Member:
    """A user as its groups list it."""

    user_id: UUID
    user_name: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What the events of a batch name: all that deciding on them can need to have been read."""

    tenants: set[UUID] = field(default_factory=set)
    users: set[Key] = field(default_factory=set)
    names: set[tuple[UUID, str]] = field(default_factory=set)
    """Tenant and key of user names that somebody is to have."""
    leaving: set[Key] = field(default_factory=set)
    """Users that are to be removed: all of their memberships are needed."""
    groups: set[Key] = field(default_factory=set)
    members: set[tuple[UUID, UUID, UUID]] = field(default_factory=set)
    """Tenant, group and user of memberships that are to begin or end."""


class EventTenants(Protocol):
    """What events need of the tenants."""

    async def by_id(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant, locked against other changes until the unit of work ends."""


class Tenants(EventTenants, Protocol):
    """The tenants."""

    async def by_name(self, name: str) -> Tenant | None:
        """Return the tenant of that name, locked like `by_id`."""

    async def add(self, tenant: Tenant) -> bool:
        """Add a tenant; False, and nothing added, if its name is taken."""

    async def save(self, tenant: Tenant) -> None:
        """Replace a tenant's state."""

    async def page(self, *, after: str, limit: int) -> Sequence[Tenant]:
        """Return up to `limit` tenants whose names come after `after`, by name."""


class EventUsers(Protocol):
    """What events need of the users; every call names the tenant and sees no other."""

    async def find(self, tenant_id: UUID, user_id: UUID, name_key: str | None) -> UserLookup:
        """Return tenant, user and whoever else has the name, the users locked."""

    async def save(self, user: User) -> None:
        """Insert a user or replace its state.

        Raises:
            ConcurrentChangeError: Another user has taken the name since the look-up.
        """

    async def remove(self, tenant_id: UUID, user_id: UUID) -> Sequence[UUID]:
        """Remove a user and its memberships; return the groups it was in."""


class Users(EventUsers, Protocol):
    """The users; every call names the tenant and sees no other."""

    async def by_name(self, tenant_id: UUID, name_key: str) -> User | None:
        """Return the not soft-deleted user of that name, locked."""

    async def add(self, user: User) -> bool:
        """Add a user; False, and nothing added, if its name is taken."""

    async def page(self, tenant_id: UUID, *, after: UUID, limit: int) -> Sequence[UserSummary]:
        """Return up to `limit` users whose ids come after `after`, by id."""

    async def groups_of(self, tenant_id: UUID, user_id: UUID) -> Sequence[Group]:
        """Return the groups of a user, by display name."""


class EventGroups(Protocol):
    """What events need of groups and memberships; every call names the tenant."""

    async def find(self, tenant_id: UUID, group_id: UUID) -> GroupLookup:
        """Return tenant and group, the group locked."""

    async def save(self, group: Group) -> None:
        """Insert a group or replace its state."""

    async def remove(self, tenant_id: UUID, group_id: UUID) -> None:
        """Remove a group and its memberships."""

    async def change_members(
        self, tenant_id: UUID, group_id: UUID, *, add: Sequence[UUID], remove: Sequence[UUID]
    ) -> MembersResult:
        """Add and remove members as sets; who is in or out already is left alone."""


class Groups(EventGroups, Protocol):
    """The groups and memberships; every call names the tenant and sees no other."""

    async def page(self, tenant_id: UUID, *, after: UUID, limit: int) -> Sequence[GroupSummary]:
        """Return up to `limit` groups whose ids come after `after`, by id."""

    async def named(self, tenant_id: UUID, display_name: str) -> Sequence[Group]:
        """Return up to ten groups of that display name, compared without case."""

    async def members(
        self, tenant_id: UUID, group_id: UUID, *, after: UUID, limit: int
    ) -> Sequence[Member]:
        """Return up to `limit` members whose ids come after `after`, by id."""


class EventChangeLog(Protocol):
    """Writes changes to the audit log and the outbox: a change is never made without both."""

    async def record(self, tenant_id: UUID, changes: Sequence[Change], *, actor: str) -> None:
        """Record what `actor` did to one tenant, in order."""


class ChangeLog(EventChangeLog, Protocol):
    """The change log, which can be read too."""

    async def page(
        self, tenant_id: UUID, *, before: int | None, limit: int
    ) -> Sequence[AuditRecord]:
        """Return up to `limit` audit records older than `before`, newest first."""

    async def page_from(
        self, tenant_id: UUID, *, after: int, since: datetime, until: datetime, limit: int
    ) -> Sequence[AuditRecord]:
        """Return up to `limit` audit records after an id and within a time, oldest first."""


class EventUnitOfWork(Protocol):
    """What events need of a unit of work."""

    @property
    def tenants(self) -> EventTenants:
        """The tenants."""

    @property
    def users(self) -> EventUsers:
        """The users."""

    @property
    def groups(self) -> EventGroups:
        """The groups."""

    @property
    def change_log(self) -> EventChangeLog:
        """Audit log and outbox together."""


class UnitOfWork(Protocol):
    """One unit of work: everything in one transaction."""

    @property
    def tenants(self) -> Tenants:
        """The tenants."""

    @property
    def users(self) -> Users:
        """The users."""

    @property
    def groups(self) -> Groups:
        """The groups."""

    @property
    def change_log(self) -> ChangeLog:
        """Audit log and outbox together."""


UnitOfWorkFactory = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
"""Opens a unit of work, which is a transaction."""

EventUnitOfWorkFactory = Callable[[], AbstractAsyncContextManager[EventUnitOfWork]]
"""Opens a unit of work that joins the consumer's transaction, or a batch in it."""
