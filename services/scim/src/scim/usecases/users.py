"""Creating, reading, changing and deleting users.

PATCH and PUT alike edit the stored document. The write goes through only at the version that was
read, else the edit is made again on the newer one, so that changes made at once never undo each
other. An edit that changes nothing is no write. A user that was answered here a moment ago is
edited as it was then, and read again only where that does not lead to a write.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from chassis.clock import Clock
from chassis.ids import uuid7
from kernel.limits import MAX_USER_BYTES
from scim.domain.errors import ScimError, not_found, unavailable, uniqueness
from scim.domain.limits import check_user
from scim.domain.query import Filter, Page
from scim.domain.user import User
from scim.usecases.log_entry import LogEntry, truncated
from scim.usecases.ports import NameTaken, SearchResult, StoredUser, UserRecord, Users
from scim.usecases.recent_users import RecentUsers

ATTEMPTS = 50

Edit = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns a user's document into the new one."""


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Stores the user that a document describes."""

    users: Users
    clock: Clock
    most_bytes: int = MAX_USER_BYTES
    """Of a document."""
    recent: RecentUsers = field(default_factory=RecentUsers)

    async def __call__(self, document: dict[str, Any], entry: LogEntry) -> UserRecord:
        """Store the user and return it."""
        user = User.from_document(document, id=uuid7())
        entry.resource_name = truncated(user.user_name)
        check_user(user, None, most_bytes=self.most_bytes)
        try:
            record = await self.users.add(user, at=self.clock.now(), entry=entry)
        except NameTaken as error:
            raise _user_name_taken(user) from error
        entry.resource_id = str(user.id)
        self.recent.keep(entry.tenant_id, record)
        return record


@dataclass(frozen=True, slots=True)
class GetUser:
    """Reads one user."""

    users: Users
    recent: RecentUsers = field(default_factory=RecentUsers)

    async def __call__(self, tenant_id: UUID, user_id: UUID) -> UserRecord:
        """Return the user."""
        record = await self.users.get(tenant_id, user_id)
        if record is None:
            raise no_such_user()
        self.recent.keep(tenant_id, record)
        return record


@dataclass(frozen=True, slots=True)
class FindUsers:
    """Finds the users that match a filter."""

    users: Users
    recent: RecentUsers = field(default_factory=RecentUsers)

    async def __call__(
        self, tenant_id: UUID, clauses: Filter, page: Page
    ) -> SearchResult[UserRecord]:
        """Return a page of the matching users in the order of their ids."""
        found = await self.users.find(tenant_id, clauses, page)
        if len(found.records) == 1:
            self.recent.keep(tenant_id, found.records[0])
        return found


@dataclass(frozen=True, slots=True)
class ChangeUser:
    """Applies an edit to a user."""

    users: Users
    clock: Clock
    most_bytes: int = MAX_USER_BYTES
    """Of a document."""
    recent: RecentUsers = field(default_factory=RecentUsers)

    async def __call__(self, user_id: UUID, edit: Edit, entry: LogEntry) -> UserRecord:
        """Apply the edit, again if the user changed meanwhile, and return the changed user."""
        record = await self._write_remembered(user_id, edit, entry)
        if record is not None:
            return record
        for _ in range(ATTEMPTS):
            stored = await self.users.load(entry.tenant_id, user_id)
            if stored is None:
                raise no_such_user()
            entry.resource_name = truncated(stored.user.user_name)
            record = await self._store(stored, edit(stored.user.document), entry)
            if record is not None:
                return record
        raise unavailable("The user is being changed by many requests at once; try again.")

    async def _write_remembered(
        self, user_id: UUID, edit: Edit, entry: LogEntry
    ) -> UserRecord | None:
        """Write the next version of what is remembered; None unless that is what is stored."""
        stored = self.recent.get(entry.tenant_id, user_id)
        if stored is None:
            return None
        try:
            user = _changed(stored, edit(stored.user.document))
            return None if user is None else await self._write(stored, user, entry)
        except ScimError:
            return None

    async def _store(
        self, stored: StoredUser, document: dict[str, Any], entry: LogEntry
    ) -> UserRecord | None:
        user = _changed(stored, document)
        return _unchanged(stored) if user is None else await self._write(stored, user, entry)

    async def _write(self, stored: StoredUser, user: User, entry: LogEntry) -> UserRecord | None:
        entry.resource_name = truncated(user.user_name)
        check_user(user, stored.user, most_bytes=self.most_bytes)
        try:
            record = await self.users.replace(stored, user, at=self.clock.now(), entry=entry)
        except NameTaken as error:
            raise _user_name_taken(user) from error
        if record is not None:
            self.recent.keep(entry.tenant_id, record)
        return record


@dataclass(frozen=True, slots=True)
class DeleteUser:
    """Removes a user and its memberships for good."""

    users: Users
    clock: Clock

    async def __call__(self, user_id: UUID, entry: LogEntry) -> None:
        """Remove the user."""
        if not await self.users.remove(user_id, at=self.clock.now(), entry=entry):
            raise no_such_user()


def no_such_user() -> ScimError:
    """Return the error for an id that no user of the tenant has."""
    return not_found("There is no such user; it may have been deleted.")


def _user_name_taken(user: User) -> ScimError:
    return uniqueness(
        f"A user with the userName {user.user_name[:200]!r} exists already; "
        "find it with a filter on userName and change it instead."
    )


def _changed(stored: StoredUser, document: dict[str, Any]) -> User | None:
    """Return the next version of a user; None if it would be no other."""
    if stored.adopted and document == stored.user.document:
        return None
    user = stored.user.changed_to(document)
    return None if stored.adopted and user.document == stored.user.document else user


def _unchanged(stored: StoredUser) -> UserRecord:
    user = stored.user
    return UserRecord(
        user.id, user.version, stored.created_at, stored.updated_at, orjson.dumps(user.document)
    )
