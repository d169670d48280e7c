"""Creating, reading, changing and deleting groups; no change ever reads a group's members."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chassis.clock import Clock
from chassis.ids import uuid7
from scim.domain.errors import ScimError, invalid_value, not_found, uniqueness
from scim.domain.group import Group, GroupChange
from scim.domain.limits import check_group
from scim.domain.query import Filter, Page
from scim.usecases.log_entry import LogEntry, truncated
from scim.usecases.ports import (
    MEMBERS_AT_ONCE,
    GroupRecord,
    Groups,
    NameTaken,
    SearchResult,
    UnknownMembers,
)
from scim.usecases.turns import Turns


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Stores a group with the members it was sent with."""

    groups: Groups
    clock: Clock
    turns: Turns = field(default_factory=Turns)

    async def __call__(
        self, display_name: str, external_id: str | None, members: Sequence[UUID], entry: LogEntry
    ) -> GroupRecord:
        """Store the group and return it."""
        group = Group(uuid7(), 1, display_name, external_id)
        entry.resource_name = truncated(display_name)
        check_group(display_name, external_id)
        try:
            async with self.turns.creation(entry.tenant_id, len(members)):
                record = await self.groups.add(group, members, at=self.clock.now(), entry=entry)
        except NameTaken as error:
            raise _display_name_taken(display_name) from error
        except UnknownMembers as error:
            raise _unknown_members(error) from error
        entry.resource_id = str(group.id)
        return record


@dataclass(frozen=True, slots=True)
class GetGroup:
    """Reads one group."""

    groups: Groups

    async def __call__(self, tenant_id: UUID, group_id: UUID, *, with_members: bool) -> GroupRecord:
        """Return the group; its members only when they are asked for."""
        record = await self.groups.get(tenant_id, group_id, with_members=with_members)
        if record is None:
            raise no_such_group()
        return record


@dataclass(frozen=True, slots=True)
class PageMembers:
    """Reads all members of a group that has more than fit into memory for each response."""

    groups: Groups

    async def __call__(self, tenant_id: UUID, record: GroupRecord) -> AsyncIterator[Sequence[UUID]]:
        """Yield the members by id, page by page; nothing is held between two pages.

        Who joins or leaves meanwhile may be told or not.
        """
        page = record.members or ()
        while len(page) > MEMBERS_AT_ONCE:
            page = page[:MEMBERS_AT_ONCE]
            yield page
            page = await self.groups.members_after(
                tenant_id, record.group.id, page[-1], MEMBERS_AT_ONCE + 1
            )
        yield page


@dataclass(frozen=True, slots=True)
class FindGroups:
    """Finds the groups that match a filter."""

    groups: Groups

    async def __call__(
        self, tenant_id: UUID, clauses: Filter, page: Page, *, with_members: bool
    ) -> SearchResult[GroupRecord]:
        """Return a page of the matching groups in the order of their ids."""
        return await self.groups.find(tenant_id, clauses, page, with_members=with_members)


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes a group's name, its external id and who is in it."""

    groups: Groups
    clock: Clock
    turns: Turns = field(default_factory=Turns)

    async def __call__(self, group_id: UUID, change: GroupChange, entry: LogEntry) -> None:
        """Apply the whole change or none of it."""
        check_group(change.display_name, change.external_id)
        try:
            async with self.turns.change(entry.tenant_id, group_id, change):
                found = await self.groups.change(group_id, change, at=self.clock.now(), entry=entry)
        except NameTaken as error:
            raise _display_name_taken(change.display_name) from error
        except UnknownMembers as error:
            raise _unknown_members(error) from error
        if not found:
            raise no_such_group()


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Removes a group and its memberships for good."""

    groups: Groups
    clock: Clock
    turns: Turns = field(default_factory=Turns)

    async def __call__(self, group_id: UUID, entry: LogEntry) -> None:
        """Remove the group."""
        async with self.turns.change(entry.tenant_id, group_id, None):
            found = await self.groups.remove(group_id, at=self.clock.now(), entry=entry)
        if not found:
            raise no_such_group()


def no_such_group() -> ScimError:
    """Return the error for an id that no group of the tenant has."""
    return not_found("There is no such group; it may have been deleted.")


def _display_name_taken(display_name: str | None) -> ScimError:
    return uniqueness(
        f"A group with the displayName {(display_name or '')[:200]!r} exists already; "
        "find it with a filter on displayName and change it instead."
    )


def _unknown_members(error: UnknownMembers) -> ScimError:
    if not error.ids:
        return invalid_value("A member was deleted at the same moment; leave it out and try again.")
    more = f" and {error.total - len(error.ids)} more" if error.total > len(error.ids) else ""
    named = ", ".join(str(member) for member in error.ids)
    return invalid_value(
        f"These members are no users of this tenant: {named}{more}. "
        "Provision the users first; nothing was changed."
    )
