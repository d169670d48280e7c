"""Apply what the identity provider says about a group."""

from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from tenant_directory.domain.changes import Change, GroupCreated, GroupDeleted, GroupUpdated
from tenant_directory.domain.group import Group, IdpGroup
from tenant_directory.usecases.idp import IDP_ACTOR, known
from tenant_directory.usecases.ports import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ApplyScimGroup:
    """Creates or renames a group as the identity provider states it."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant_id: UUID, idp: IdpGroup) -> None:
        """Apply one statement about one group; an older one than applied changes nothing."""
        now = self.clock.now()
        async with self.uow() as work:
            found = await work.groups.find(tenant_id, idp.group_id)
            known(found.tenant, tenant_id)
            before = found.group
            group = (
                before.updated_from_idp(idp, now)
                if before
                else Group.provisioned(tenant_id, idp, now)
            )
            if group == before:
                return
            await work.groups.save(group)
            if before is None or before.version != group.version:
                change: Change = GroupUpdated(group) if before else GroupCreated(group)
                await work.change_log.record(tenant_id, [change], actor=IDP_ACTOR)


@dataclass(frozen=True, slots=True)
class ApplyScimGroupDeleted:
    """Removes a group and its memberships."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_id: UUID, group_id: UUID) -> None:
        """Remove the group; one that is gone already stays gone."""
        async with self.uow() as work:
            found = await work.groups.find(tenant_id, group_id)
            known(found.tenant, tenant_id)
            if found.group is None:
                return
            await work.groups.remove(tenant_id, group_id)
            await work.change_log.record(tenant_id, [GroupDeleted(found.group)], actor=IDP_ACTOR)
