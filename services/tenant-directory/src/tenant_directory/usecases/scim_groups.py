"""What events from the SCIM service change of groups and their members."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from kernel.errors import NotFoundError
from tenant_directory.domain.audit import SCIM_ACTOR
from tenant_directory.domain.changes import (
    Change,
    GroupCreated,
    GroupDeleted,
    GroupMembersChanged,
    GroupUpdated,
)
from tenant_directory.domain.group import Group, IdpGroup
from tenant_directory.usecases.event_tenant import require_tenant
from tenant_directory.usecases.ports import EventUnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ApplyScimGroup:
    """Creates or renames a group as the identity provider has it."""

    uow: EventUnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant_id: UUID, idp: IdpGroup) -> None:
        """Apply one version of a group; one that is not newer than the last changes nothing."""
        now = self.clock.now()
        async with self.uow() as work:
            found = await work.groups.find(tenant_id, idp.group_id)
            require_tenant(found.tenant, tenant_id)
            before = found.group
            if before is None:
                group = Group.provisioned(tenant_id, idp, now)
            else:
                group = before.updated_from_idp(idp, now)
            if group == before:
                return
            await work.groups.save(group)
            if before is None or before.version != group.version:
                change: Change = GroupUpdated(group) if before else GroupCreated(group)
                await work.change_log.record(tenant_id, [change], actor=SCIM_ACTOR)


@dataclass(frozen=True, slots=True)
class DeleteScimGroup:
    """Removes a group and its memberships."""

    uow: EventUnitOfWorkFactory

    async def __call__(self, tenant_id: UUID, group_id: UUID) -> None:
        """Remove the group; deleting it twice is no error."""
        async with self.uow() as work:
            found = await work.groups.find(tenant_id, group_id)
            require_tenant(found.tenant, tenant_id)
            if found.group is None:
                return
            await work.groups.remove(tenant_id, group_id)
            await work.change_log.record(tenant_id, [GroupDeleted(found.group)], actor=SCIM_ACTOR)


@dataclass(frozen=True, slots=True)
class ChangeScimMembers:
    """Adds and removes members of a group: sets of up to thousands of ids, two statements."""

    uow: EventUnitOfWorkFactory

    async def __call__(
        self, tenant_id: UUID, group_id: UUID, *, added: Sequence[UUID], removed: Sequence[UUID]
    ) -> None:
        """Apply one change; an unknown group or new member is refused, then nothing is changed.

        Leaving a group that does not exist is done already: the removal and the group's deletion
        may have been numbered crosswise at the SCIM service.
        """
        async with self.uow() as work:
            result = await work.groups.change_members(
                tenant_id, group_id, add=added, remove=removed
            )
            if not result.group_exists:
                if removed and not added:
                    return
                raise NotFoundError(
                    "group-unknown",
                    f"The directory knows no group {group_id} of tenant {tenant_id}: "
                    "compare it in the SCIM service, then redrive this event or skip it.",
                )
            if result.unknown:
                raise NotFoundError(
                    "member-unknown",
                    f"{len(result.unknown)} new members of group {group_id} are no users of tenant "
                    f"{tenant_id}, the first is {result.unknown[0]}: "
                    "compare them in the SCIM service, then redrive this event or skip it.",
                )
            if result.added or result.removed:
                change = GroupMembersChanged(group_id, result.added, result.removed)
                await work.change_log.record(tenant_id, [change], actor=SCIM_ACTOR)
