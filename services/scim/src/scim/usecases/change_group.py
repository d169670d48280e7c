"""Changing a group: its name, its external id and who is in it, never by reading the members."""

from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from scim.domain.errors import ScimError, not_found
from scim.domain.group import GroupChange
from scim.usecases.create_group import display_name_taken, unknown_members
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import Groups, NameTaken, UnknownMembers


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Applies a change to a group."""

    groups: Groups
    clock: Clock

    async def __call__(self, group_id: UUID, change: GroupChange, entry: LogEntry) -> None:
        """Apply the whole change or none of it."""
        try:
            found = await self.groups.change(group_id, change, at=self.clock.now(), entry=entry)
        except NameTaken as error:
            raise display_name_taken(change.display_name) from error
        except UnknownMembers as error:
            raise unknown_members(error) from error
        if not found:
            raise no_such_group()


def no_such_group() -> ScimError:
    """Return the error for an id that no group of the tenant has."""
    return not_found("There is no such group; it may have been deleted.")
