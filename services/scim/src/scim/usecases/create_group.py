"""Provisioning a new group."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from chassis.ids import uuid7
from scim.domain.errors import ScimError, invalid_value, uniqueness
from scim.domain.group import Group
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import GroupRecord, Groups, NameTaken, UnknownMembers


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Stores a group with the members it was sent with."""

    groups: Groups
    clock: Clock

    async def __call__(
        self, display_name: str, external_id: str | None, members: Sequence[UUID], entry: LogEntry
    ) -> GroupRecord:
        """Store the group and return it."""
        group = Group(uuid7(), 1, display_name, external_id)
        entry.resource_name = display_name
        try:
            record = await self.groups.add(group, members, at=self.clock.now(), entry=entry)
        except NameTaken as error:
            raise display_name_taken(display_name) from error
        except UnknownMembers as error:
            raise unknown_members(error) from error
        entry.resource_id = str(group.id)
        return record


def display_name_taken(display_name: str | None) -> ScimError:
    """Return the error for a group name that is in use."""
    return uniqueness(
        f"A group with the displayName {(display_name or '')[:200]!r} exists already; "
        "find it with a filter on displayName and change it instead."
    )


def unknown_members(error: UnknownMembers) -> ScimError:
    """Return the error for members that are no users of the tenant."""
    if not error.ids:
        return invalid_value("A member was deleted at the same moment; leave it out and try again.")
    more = f" and {error.total - len(error.ids)} more" if error.total > len(error.ids) else ""
    named = ", ".join(str(member) for member in error.ids)
    return invalid_value(
        f"These members are no users of this tenant: {named}{more}. "
        "Provision the users first; nothing was changed."
    )
