"""Apply what the identity provider says about a user: three looks at the database at most.

A user it brings gets the tenant's default role of this moment; nothing it says later changes a
role. A manual user of the same name under another id is replaced: role and groups pass over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from chassis.clock import Clock
from tenant_directory.domain.changes import (
    Change,
    GroupMembersChanged,
    UserAdopted,
    UserCreated,
    UserDeleted,
    user_changes,
)
from tenant_directory.domain.errors import ConflictError
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import IdpUser, Origin, User
from tenant_directory.usecases.idp import IDP_ACTOR, known
from tenant_directory.usecases.ports import UnitOfWork, UnitOfWorkFactory, UserLookup

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ApplyScimUser:
    """Creates, updates or adopts a user as the identity provider states it."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant_id: UUID, idp: IdpUser) -> None:
        """Apply one statement about one user; an older one than applied changes nothing."""
        async with self.uow() as work:
            found = await work.users.find(tenant_id, idp.user_id, idp.name_key)
            tenant = known(found.tenant, tenant_id)
            if found.user is not None and found.user.has_applied(idp):
                return
            freed = await _free_name(work, tenant, found.holder)
            user = _stated(tenant, found, idp, self.clock.now())
            await work.users.save(user)
            changes = [*freed.before, *_changes(found, user)]
            changes += await _pass_over_groups(work, user, found.holder, freed.groups)
            if changes:
                await work.change_log.record(tenant_id, changes, actor=IDP_ACTOR)
        if found.user is None and user.role is None:
            log.warning(
                "user.created_without_access",
                user_id=str(user.user_id),
                reason=f"no role: decided by {user.role_given_by}",
            )


@dataclass(frozen=True, slots=True)
class _Freed:
    before: Sequence[Change] = ()
    groups: Sequence[UUID] = ()


async def _free_name(work: UnitOfWork, tenant: Tenant, holder: User | None) -> _Freed:
    """Remove the manual user that holds the name, because the provider's user is that person."""
    if holder is None:
        return _Freed()
    if holder.origin is Origin.SCIM:
        # The SCIM service keeps names unique, so this is a broken promise and not a case.
        raise ConflictError(
            "user-name-taken",
            f"The identity provider gave the name of user {holder.user_id} of tenant "
            f"{tenant.tenant_id} to another user: compare both in the SCIM service, "
            "then redrive this event.",
        )
    groups = await work.users.remove(tenant.tenant_id, holder.user_id)
    return _Freed([UserDeleted(holder)], groups)


def _stated(tenant: Tenant, found: UserLookup, idp: IdpUser, now: datetime) -> User:
    if found.user is not None:
        return found.user.updated_from_idp(idp, now)
    user = User.provisioned(tenant.tenant_id, idp, default_role=tenant.default_role, now=now)
    return user if found.holder is None else user.with_role_of(found.holder)


def _changes(found: UserLookup, user: User) -> list[Change]:
    created: list[Change] = [UserCreated(user)]
    changes = created if found.user is None else user_changes(found.user, user)
    if found.holder is not None:
        changes.append(UserAdopted(user, found.holder))
    return changes


async def _pass_over_groups(
    work: UnitOfWork, user: User, holder: User | None, groups: Sequence[UUID]
) -> list[Change]:
    if holder is None:
        return []
    changes: list[Change] = []
    for group_id in groups:
        result = await work.groups.change_members(
            user.tenant_id, group_id, add=[user.user_id], remove=[]
        )
        changes.append(GroupMembersChanged(group_id, result.added, [holder.user_id]))
    return changes
