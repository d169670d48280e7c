"""Apply that members joined and left a group: sets of up to thousands of ids, two statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tenant_directory.domain.changes import GroupMembersChanged
from tenant_directory.domain.errors import NotFoundError
from tenant_directory.usecases.idp import IDP_ACTOR
from tenant_directory.usecases.ports import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ApplyMembers:
    """Changes the members of a group as the identity provider states it."""

    uow: UnitOfWorkFactory

    async def __call__(
        self, tenant_id: UUID, group_id: UUID, *, added: Sequence[UUID], removed: Sequence[UUID]
    ) -> None:
        """Apply one change; an unknown group or member is refused and then nothing is changed.

        Leaving an unknown group is done already: the removal and the group's deletion may have
        met at the SCIM service and got their numbers crosswise.
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
                await work.change_log.record(tenant_id, [change], actor=IDP_ACTOR)
