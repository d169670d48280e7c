"""Apply that the identity provider deleted a user for good."""

from dataclasses import dataclass
from uuid import UUID

from tenant_directory.domain.changes import UserDeleted
from tenant_directory.usecases.idp import IDP_ACTOR, known
from tenant_directory.usecases.ports import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ApplyScimUserDeleted:
    """Removes a user and its memberships."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_id: UUID, user_id: UUID) -> None:
        """Remove the user; one that is gone already stays gone."""
        async with self.uow() as work:
            found = await work.users.find(tenant_id, user_id, None)
            known(found.tenant, tenant_id)
            if found.user is None:
                return
            await work.users.remove(tenant_id, user_id)
            await work.change_log.record(tenant_id, [UserDeleted(found.user)], actor=IDP_ACTOR)
