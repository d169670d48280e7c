"""Deleting a group for good."""

from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from scim.usecases.change_group import no_such_group
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import Groups


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Removes a group and its memberships."""

    groups: Groups
    clock: Clock

    async def __call__(self, group_id: UUID, entry: LogEntry) -> None:
        """Remove the group."""
        if not await self.groups.remove(group_id, at=self.clock.now(), entry=entry):
            raise no_such_group()
