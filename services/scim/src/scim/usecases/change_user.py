"""Changing a user: PATCH and PUT alike edit the document that is stored.

The write goes through only at the version that was read, else the edit is made again on the newer
one, so that changes made at once never undo each other. An edit that changes nothing is no write.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from chassis.clock import Clock
from scim.domain.errors import Kind, ScimError, not_found
from scim.domain.user import User
from scim.usecases.create_user import user_name_taken
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import NameTaken, StoredUser, UserRecord, Users

ATTEMPTS = 50

Edit = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ChangeUser:
    """Applies an edit to a user."""

    users: Users
    clock: Clock

    async def __call__(self, user_id: UUID, edit: Edit, entry: LogEntry) -> UserRecord:
        """Apply the edit, again if need be, and return the user as it is then."""
        for _ in range(ATTEMPTS):
            stored = await self.users.load(entry.tenant_id, user_id)
            if stored is None:
                raise no_such_user()
            entry.resource_name = stored.user.user_name
            record = await self._store(stored, edit(stored.user.document), entry)
            if record is not None:
                return record
        raise ScimError(
            Kind.UNAVAILABLE, "The user is being changed by many requests at once; try again."
        )

    async def _store(
        self, stored: StoredUser, document: dict[str, Any], entry: LogEntry
    ) -> UserRecord | None:
        if stored.adopted and document == stored.user.document:
            return _unchanged(stored)
        user = _deactivated_if_soft_deleted(stored.user, stored.user.changed_to(document))
        if stored.adopted and user.document == stored.user.document:
            return _unchanged(stored)
        entry.resource_name = user.user_name
        try:
            return await self.users.replace(stored, user, at=self.clock.now(), entry=entry)
        except NameTaken as error:
            raise user_name_taken(user) from error


def no_such_user() -> ScimError:
    """Return the error for an id that no user of the tenant has."""
    return not_found("There is no such user; it may have been deleted.")


def _deactivated_if_soft_deleted(before: User, after: User) -> User:
    """Take a rename into the recycle bin for the deactivation that it means."""
    if not after.soft_deleted or before.soft_deleted or not after.active:
        return after
    return User.from_document(
        {**after.document, "active": False},
        id=after.id,
        version=after.version,
        soft_deleted=True,
    )


def _unchanged(stored: StoredUser) -> UserRecord:
    user = stored.user
    return UserRecord(
        user.id, user.version, stored.created_at, stored.updated_at, orjson.dumps(user.document)
    )
