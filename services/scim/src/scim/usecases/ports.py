"""What the use cases need from storage.

Every method works inside the one tenant it is given. A write is one transaction: the resource, its
event and its log row are all stored or none; the log entry is then marked as logged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from kernel.tenant import Tenant
from scim.domain.group import Group, GroupChange
from scim.domain.query import Filter, Page
from scim.domain.user import User
from scim.usecases.log_entry import LogEntry

Record = TypeVar("Record")


class Unstorable(Exception):
    """A row of a batch can never be stored, so the batch was not."""


class NameTaken(Exception):
    """Another resource of the tenant has this userName or displayName."""


class UnknownMembers(Exception):
    """Some of the new members are no users of the tenant; nothing was changed."""

    def __init__(self, ids: Sequence[UUID], total: int) -> None:
        super().__init__(f"{total} unknown members")
        self.ids = ids
        """The first few of them."""
        self.total = total


@dataclass(frozen=True, slots=True)
class UserFlags:
    """What a change of a user needs to know that its document does not say."""

    active: bool
    soft_deleted: bool


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A stored user as it is answered: the document is JSON already."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    document: bytes
    flags: UserFlags | None = None
    """None where they were not read, and for a user that no provider has written to yet."""


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A stored user that is about to be changed."""

    user: User
    created_at: datetime
    updated_at: datetime
    adopted: bool
    """False for a user made by hand in the directory that no provider has written to yet."""


MEMBERS_AT_ONCE = 1_000
"""How many members of a group are in memory for a response; more are read as it is sent."""


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """A stored group as it is answered."""

    group: Group
    created_at: datetime
    updated_at: datetime
    members: Sequence[UUID] | None = None
    """The first members by id, one more than MEMBERS_AT_ONCE at most; None if not asked for."""


@dataclass(frozen=True, slots=True)
class SearchResult(Generic[Record]):
    """One page of a result and the size of the whole of it."""

    total: int
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Token:
    """A SCIM token as an administrator sees it."""

    tenant_id: UUID
    id: UUID
    prefix: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """What a live token opens, as one look-up found it."""

    token_id: UUID
    tenant: Tenant
    expires_at: datetime
    strict: bool = False
    """Whether what the tenant's client sends is read strictly."""


class Users(Protocol):
    """The users of all tenants."""

    async def add(self, user: User, *, at: datetime, entry: LogEntry) -> UserRecord:
        """Store a new user and announce it.

        Raises:
            NameTaken: The user name is in use, also when it was taken at the same moment.
        """
        ...

    async def get(self, tenant_id: UUID, user_id: UUID) -> UserRecord | None:
        """Return a user as it is answered."""
        ...

    async def load(self, tenant_id: UUID, user_id: UUID) -> StoredUser | None:
        """Return a user to be changed."""
        ...

    async def replace(
        self, stored: StoredUser, user: User, *, at: datetime, entry: LogEntry
    ) -> UserRecord | None:
        """Store the next version of a user and announce it; None when it changed meanwhile.

        Raises:
            NameTaken: The new user name is in use.
        """
        ...

    async def remove(self, user_id: UUID, *, at: datetime, entry: LogEntry) -> bool:
        """Remove a user with its memberships and announce it; False when there is none."""
        ...

    async def find(self, tenant_id: UUID, clauses: Filter, page: Page) -> SearchResult[UserRecord]:
        """Return a page of the matching users in the stable order of their ids."""
        ...


class Groups(Protocol):
    """The groups of all tenants and their memberships."""

    async def add(
        self, group: Group, members: Sequence[UUID], *, at: datetime, entry: LogEntry
    ) -> GroupRecord:
        """Store a new group with its members and announce both.

        Raises:
            NameTaken: The display name is in use.
            UnknownMembers: Some members are no users of the tenant.
        """
        ...

    async def get(
        self, tenant_id: UUID, group_id: UUID, *, with_members: bool
    ) -> GroupRecord | None:
        """Return a group as it is answered."""
        ...

    async def members_after(
        self, tenant_id: UUID, group_id: UUID, after: UUID, limit: int
    ) -> Sequence[UUID]:
        """Return the group's next members by id."""
        ...

    async def change(
        self, group_id: UUID, change: GroupChange, *, at: datetime, entry: LogEntry
    ) -> bool:
        """Apply a change and announce what really changed; False when there is no such group.

        Costs what the change costs, whatever the size of the group. Changes of one group that are
        made at once take effect one after the other.

        Raises:
            NameTaken: The new display name is in use.
            UnknownMembers: Some new members are no users of the tenant.
        """
        ...

    async def remove(self, group_id: UUID, *, at: datetime, entry: LogEntry) -> bool:
        """Remove a group with its memberships and announce it; False when there is none."""
        ...

    async def find(
        self, tenant_id: UUID, clauses: Filter, page: Page, *, with_members: bool
    ) -> SearchResult[GroupRecord]:
        """Return a page of the matching groups in the stable order of their ids."""
        ...


class Memberships(Protocol):
    """Who is in which group, by name."""

    async def groups_of(
        self, tenant_id: UUID, users: Sequence[UUID]
    ) -> Mapping[UUID, Mapping[UUID, str]]:
        """Return the ids and names of the groups that each of the users is in."""
        ...

    async def names_of(self, tenant_id: UUID, users: Sequence[UUID]) -> Mapping[UUID, str]:
        """Return what users are called."""
        ...


class ListingCounts(Protocol):
    """How many users and groups tenants have, in ranges that listings find their place by."""

    async def uneven(self) -> Sequence[tuple[UUID, str]]:
        """Return the tenants, and the kinds of resources, whose counts should be evened out."""
        ...

    async def even_out(self, tenant_id: UUID, kind: str) -> bool:
        """Fold and divide the counts of a tenant; False while somebody is writing."""
        ...


class LogEntries(Protocol):
    """The provisioning log."""

    async def add(self, entries: Sequence[LogEntry]) -> None:
        """Store many rows at once; storing one again changes nothing. Raises Unstorable."""
        ...

    async def newest(
        self, tenant_id: UUID, *, since: datetime, errors: bool, limit: int
    ) -> Sequence[LogEntry]:
        """Return a tenant's newest rows since a moment, the oldest first."""
        ...

    async def prune(self, before: datetime) -> int:
        """Delete the rows before a moment and return how many they were."""
        ...


class Tokens(Protocol):
    """The tokens of all tenants, known by their digests."""

    async def add(self, token: Token, digest: bytes) -> None:
        """Keep a new token's digest."""
        ...

    async def list(self, tenant_id: UUID) -> Sequence[Token]:
        """Return all tokens of a tenant, the newest first."""
        ...

    async def revoke(self, tenant_id: UUID, token_id: UUID, at: datetime) -> bool:
        """Make a token worthless; False when the tenant has no such token."""
        ...

    async def find(self, tenant_id: UUID, digest: bytes, at: datetime) -> Grant | None:
        """Return what a digest opens: None unless it is this tenant's, live and not expired."""
        ...

    async def list_live(
        self, at: datetime, *, since: datetime | None, limit: int
    ) -> Sequence[tuple[UUID, bytes]]:
        """Return tenants and digests of tokens that open something, those used last first.

        With `since` only of those made after it.
        """
        ...

    async def mark_used(self, uses: Mapping[tuple[UUID, UUID], datetime]) -> None:
        """Note when tokens (tenant id, token id) were last used."""
        ...


class Tenants(Protocol):
    """The tenants as the directory last described them."""

    async def find(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant by its id."""
        ...

    async def find_named(self, name: str) -> Tenant | None:
        """Return a tenant by its name in any case.

        Raises:
            ConflictError: More than one is known by that name.
        """
        ...


class TenantSettings(Protocol):
    """What operators set for single tenants."""

    async def save(self, tenant_id: UUID, *, strict: bool) -> None:
        """Keep how the tenant's client is read."""
        ...


class DirectoryUsers(Protocol):
    """The directory's hand-made users, in the transaction of the event that brought them."""

    async def save(self, tenant_id: UUID, user: User, at: datetime) -> None:
        """Store a hand-made user, unless the provider has written to it or uses its name."""
        ...

    async def remove(self, tenant_id: UUID, user_id: UUID) -> None:
        """Remove a hand-made user, unless the provider has written to it."""
        ...
