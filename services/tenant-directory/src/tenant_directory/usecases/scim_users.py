"""What events from the SCIM service change of users.

A new user gets the tenant's default role of this moment; no later event changes a role. A manual
user of the same name under another id is replaced: its groups pass to the provider's user, and its
role too if that user is new. Without such a replacement an event takes three statements at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from chassis.clock import Clock
from kernel.errors import ConflictError
from tenant_directory.domain.audit import SCIM_ACTOR
from tenant_directory.domain.changes import (
    Change,
    GroupMembersChanged,
    UserAdopted,
    UserCreated,
    UserDeleted,
    user_changes,
)
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import IdpUser, Origin, User
from tenant_directory.usecases.event_tenant import require_tenant
from tenant_directory.usecases.ports import EventUnitOfWork, EventUnitOfWorkFactory, UserLookup

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ApplyScimUser:
    """Creates, updates or adopts a user as the identity provider has it."""

    uow: EventUnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant_id: UUID, idp: IdpUser) -> None:
        """Apply one version of a user; one that is not newer than the last changes nothing."""
        async with self.uow() as work:
            found = await work.users.find(tenant_id, idp.user_id, idp.name_key)
            tenant = require_tenant(found.tenant, tenant_id)
            if found.user is not None and found.user.has_applied(idp):
                return
            replaced = _replaceable(found.name_holder)
            groups = await _remove(work, replaced)
            user = _user_after(tenant, found, idp, self.clock.now())
            await work.users.save(user)
            changes = _changes(found.user, user, replaced)
            if replaced is not None:
                changes += await _transfer_groups(work, replaced, user, groups)
            if changes:
                await work.change_log.record(tenant_id, changes, actor=SCIM_ACTOR)
        if found.user is None and user.role is None:
            log.warning(
                "user.created_without_access",
                user_id=str(user.user_id),
                reason=f"no role: decided by {user.role_given_by}",
            )


@dataclass(frozen=True, slots=True)
class DeleteScimUser:
    """Removes a user and its memberships for good."""

    uow: EventUnitOfWorkFactory

    async def __call__(self, tenant_id: UUID, user_id: UUID) -> None:
        """Remove the user; deleting it twice is no error."""
        async with self.uow() as work:
            found = await work.users.find(tenant_id, user_id, None)
            require_tenant(found.tenant, tenant_id)
            if found.user is None:
                return
            await work.users.remove(tenant_id, user_id)
            await work.change_log.record(tenant_id, [UserDeleted(found.user)], actor=SCIM_ACTOR)


def _replaceable(name_holder: User | None) -> User | None:
    """Return the manual user that has the name: the provider's user is the same person."""
    if name_holder is not None and name_holder.origin is Origin.SCIM:
        # The SCIM service keeps names unique, so this should never happen.
        raise ConflictError(
            "user-name-taken",
            f"The identity provider gave the name of user {name_holder.user_id} of tenant "
            f"{name_holder.tenant_id} to another user: compare both in the SCIM service, "
            "then redrive this event.",
        )
    return name_holder


async def _remove(work: EventUnitOfWork, replaced: User | None) -> Sequence[UUID]:
    """Remove the replaced user, if there is one, and return the groups it was in."""
    if replaced is None:
        return []
    return await work.users.remove(replaced.tenant_id, replaced.user_id)


def _user_after(tenant: Tenant, found: UserLookup, idp: IdpUser, now: datetime) -> User:
    if found.user is not None:
        return found.user.updated_from_idp(idp, now)
    user = User.provisioned(tenant.tenant_id, idp, default_role=tenant.default_role, now=now)
    return user if found.name_holder is None else user.with_role_of(found.name_holder)


def _changes(before: User | None, user: User, replaced: User | None) -> list[Change]:
    changes: list[Change] = [UserDeleted(replaced)] if replaced else []
    changes += user_changes(before, user) if before else [UserCreated(user)]
    if replaced is not None:
        changes.append(UserAdopted(user, replaced))
    return changes


async def _transfer_groups(
    work: EventUnitOfWork, replaced: User, user: User, groups: Sequence[UUID]
) -> list[Change]:
    changes: list[Change] = []
    for group_id in groups:
        result = await work.groups.change_members(
            user.tenant_id, group_id, add=[user.user_id], remove=[]
        )
        changes.append(GroupMembersChanged(group_id, result.added, [replaced.user_id]))
    return changes
