"""Deleting a user for good."""

from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from scim.usecases.change_user import no_such_user
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import Users


@dataclass(frozen=True, slots=True)
class DeleteUser:
    """Removes a user and its memberships."""

    users: Users
    clock: Clock

    async def __call__(self, user_id: UUID, entry: LogEntry) -> None:
        """Remove the user."""
        if not await self.users.remove(user_id, at=self.clock.now(), entry=entry):
            raise no_such_user()
