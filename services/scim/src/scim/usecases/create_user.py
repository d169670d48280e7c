"""Provisioning a new user."""

from dataclasses import dataclass
from typing import Any

from chassis.clock import Clock
from chassis.ids import uuid7
from scim.domain.errors import uniqueness
from scim.domain.user import User
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import NameTaken, UserRecord, Users


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Stores the user that a document describes."""

    users: Users
    clock: Clock

    async def __call__(self, document: dict[str, Any], entry: LogEntry) -> UserRecord:
        """Store the user and return it."""
        user = User.from_document(document, id=uuid7())
        entry.resource_name = user.user_name
        try:
            record = await self.users.add(user, at=self.clock.now(), entry=entry)
        except NameTaken as error:
            raise user_name_taken(user) from error
        entry.resource_id = str(user.id)
        return record


def user_name_taken(user: User) -> Exception:
    """Return the error for a user name that is in use."""
    return uniqueness(
        f"A user with the userName {user.user_name[:200]!r} exists already; "
        "find it with a filter on userName and change it instead."
    )
