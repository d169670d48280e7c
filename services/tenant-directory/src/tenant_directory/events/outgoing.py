"""What the directory publishes: its changes as events and state records.

Every change of a tenant or user makes an event ("what happened") and, once for each tenant or user
changed, a state record ("what is now"); a deleted user's state record is a tombstone.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.outbox import OutboxRecord, outbox_record
from contracts import directory as contract
from contracts.base import Contract
from tenant_directory.domain import changes as change
from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import User

EventParts = tuple[str, UUID, Contract]
"""Type, subject and data of an event."""

UserChange = (
    change.UserCreated
    | change.UserUpdated
    | change.UserDeactivated
    | change.UserReactivated
    | change.UserRoleChanged
    | change.UserAdopted
    | change.UserDeleted
)


def outgoing(
    tenant_id: UUID, changes: Sequence[change.Change], now: datetime
) -> Sequence[OutboxRecord]:
    """Return the outbox rows for what happened to one tenant, in order."""
    parts = [event for each in changes if (event := _event(each)) is not None]
    events = [
        outbox_record(kind, tenant_id=tenant_id, subject=str(subject), data=data, now=now)
        for kind, subject, data in parts
    ]
    return [*events, *_states(tenant_id, changes, now)]


def _event(each: change.Change) -> EventParts | None:
    match each:
        case change.TenantCreated(tenant):
            data: Contract = contract.DirectoryTenantCreated(tenant=_tenant(tenant))
            return "directory.tenant.created.v1", tenant.tenant_id, data
        case change.TenantUpdated(_, tenant):
            data = contract.DirectoryTenantUpdated(tenant=_tenant(tenant))
            return "directory.tenant.updated.v1", tenant.tenant_id, data
        case change.GroupMembersChanged(group_id, added, removed):
            data = contract.DirectoryGroupMembersChanged(
                group_id=group_id, added=list(added), removed=list(removed)
            )
            return "directory.group.members_changed.v1", group_id, data
        case change.GroupCreated() | change.GroupUpdated() | change.GroupDeleted():
            return _group_event(each)
        case change.DomainChanged():
            # The domain verifier publishes it.
            return None
        case _:
            return _user_event(each)


def _group_event(
    each: change.GroupCreated | change.GroupUpdated | change.GroupDeleted,
) -> EventParts:
    group = each.group
    match each:
        case change.GroupCreated():
            data: Contract = contract.DirectoryGroupCreated(group=_group(group))
            return "directory.group.created.v1", group.group_id, data
        case change.GroupUpdated():
            data = contract.DirectoryGroupUpdated(group=_group(group))
            return "directory.group.updated.v1", group.group_id, data
        case change.GroupDeleted():
            data = contract.DirectoryGroupDeleted(
                group_id=group.group_id, display_name=group.display_name
            )
            return "directory.group.deleted.v1", group.group_id, data


def _user_event(each: UserChange) -> EventParts | None:
    user = each.user
    match each:
        case change.UserCreated():
            data: Contract = contract.DirectoryUserCreated(user=_user(user))
            return "directory.user.created.v1", user.user_id, data
        case change.UserUpdated():
            data = contract.DirectoryUserUpdated(user=_user(user))
            return "directory.user.updated.v1", user.user_id, data
        case change.UserDeactivated():
            data = contract.DirectoryUserDeactivated(user=_user(user))
            return "directory.user.deactivated.v1", user.user_id, data
        case change.UserReactivated():
            data = contract.DirectoryUserReactivated(user=_user(user))
            return "directory.user.reactivated.v1", user.user_id, data
        case change.UserRoleChanged(_, previous_role):
            data = contract.DirectoryUserRoleChanged(user=_user(user), previous_role=previous_role)
            return "directory.user.role_changed.v1", user.user_id, data
        case change.UserDeleted():
            data = contract.DirectoryUserDeleted(user_id=user.user_id, user_name=user.user_name)
            return "directory.user.deleted.v1", user.user_id, data
        case change.UserAdopted():
            # Others see one user deleted and another created; only the audit log links them.
            return None


def _states(
    tenant_id: UUID, changes: Sequence[change.Change], now: datetime
) -> Sequence[OutboxRecord]:
    latest: dict[UUID, OutboxRecord] = {}
    for each in changes:
        match each:
            case change.TenantCreated(tenant) | change.TenantUpdated(_, tenant):
                latest[tenant.tenant_id] = outbox_record(
                    "directory.tenant.state.v1",
                    tenant_id=tenant_id,
                    subject=str(tenant.tenant_id),
                    data=_tenant(tenant),
                    now=now,
                    version=tenant.version,
                )
            case change.UserDeleted(user):
                latest[user.user_id] = _user_state(user.version + 1, user, None, now)
            case (
                change.UserCreated(user)
                | change.UserUpdated(_, user)
                | change.UserDeactivated(user)
                | change.UserReactivated(user)
                | change.UserRoleChanged(user, _)
            ):
                latest[user.user_id] = _user_state(user.version, user, _user(user), now)
            case _:
                pass
    return list(latest.values())


def _user_state(version: int, user: User, data: Contract | None, now: datetime) -> OutboxRecord:
    return outbox_record(
        "directory.user.state.v1",
        tenant_id=user.tenant_id,
        subject=str(user.user_id),
        data=data,
        now=now,
        version=version,
    )


def _tenant(tenant: Tenant) -> contract.DirectoryTenant:
    return contract.DirectoryTenant(
        tenant_id=tenant.tenant_id,
        version=tenant.version,
        name=tenant.name,
        package=tenant.package,
        status=tenant.status,
        default_role=tenant.default_role,
        invitations_enabled=tenant.invitations_enabled,
    )


def _user(user: User) -> contract.DirectoryUser:
    return contract.DirectoryUser(
        user_id=user.user_id,
        version=user.version,
        user_name=user.user_name,
        status=user.status,
        origin=user.origin,
        role=user.role,
        external_id=user.profile.external_id,
        display_name=user.profile.display_name,
        given_name=user.profile.given_name,
        family_name=user.profile.family_name,
        email=user.profile.email,
        attributes=dict(user.profile.attributes),
    )


def _group(group: Group) -> contract.DirectoryGroup:
    return contract.DirectoryGroup(
        group_id=group.group_id,
        version=group.version,
        display_name=group.display_name,
        external_id=group.external_id,
    )
