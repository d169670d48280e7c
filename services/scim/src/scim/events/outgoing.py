"""Changes of users and groups as events; the only place that names their types."""

from datetime import datetime
from uuid import UUID

from chassis import context
from chassis.ids import uuid7
from chassis.outbox import MAX_HEADER_BYTES, EventTooLarge, OutboxRecord, outbox_record
from contracts import scim as contract
from contracts.base import Contract
from contracts.registry import EVENT_TYPES
from contracts.topics import SCIM_EVENTS
from scim.domain.group import Group
from scim.domain.user import User
from scim.usecases.changes import (
    Change,
    GroupCreated,
    GroupDeleted,
    GroupMembersChanged,
    GroupUpdated,
    UserCreated,
    UserDeleted,
    UserUpdated,
)

MAX_DATA_BYTES = (SCIM_EVENTS.max_message_bytes - MAX_HEADER_BYTES) // 2 - 1_024
"""What we take must fit into the directory's events as well. After a soft delete those say the new
attributes beside the old name and address, which came with an event of this size at most.
"""


def outgoing(tenant_id: UUID, change: Change, now: datetime) -> OutboxRecord:
    """Return the outbox row of a change, or raise EventTooLarge.

    Without data for what only storage learns: there the statement that writes makes it.
    """
    match change:
        case UserCreated(user):
            data: Contract = contract.ScimUserCreated(user=_user(user))
            return _record("scim.user.created.v1", tenant_id, user.id, data, now)
        case UserUpdated(user):
            data = contract.ScimUserUpdated(user=_user(user))
            return _record("scim.user.updated.v1", tenant_id, user.id, data, now)
        case UserDeleted(user_id):
            return _without_data("scim.user.deleted.v1", tenant_id, user_id, now)
        case GroupCreated(group):
            data = contract.ScimGroupCreated(group=_group(group))
            return _record("scim.group.created.v1", tenant_id, group.id, data, now)
        case GroupUpdated(group):
            data = contract.ScimGroupUpdated(group=_group(group))
            return _record("scim.group.updated.v1", tenant_id, group.id, data, now)
        case GroupDeleted(group_id):
            return _without_data("scim.group.deleted.v1", tenant_id, group_id, now)
        case GroupMembersChanged(group_id):
            return _without_data("scim.group.members_changed.v1", tenant_id, group_id, now)


def _record(
    kind: str, tenant_id: UUID, subject: UUID, data: Contract, now: datetime
) -> OutboxRecord:
    record = outbox_record(kind, tenant_id=tenant_id, subject=str(subject), data=data, now=now)
    if record.data is not None and len(record.data) > MAX_DATA_BYTES:
        raise EventTooLarge(f"{kind}: {len(record.data)} bytes would not fit through the directory")
    return record


def _without_data(kind: str, tenant_id: UUID, subject: UUID, now: datetime) -> OutboxRecord:
    cause = context.current()
    return OutboxRecord(
        tenant_id=tenant_id,
        topic=EVENT_TYPES[kind].topic.name,
        event_id=uuid7(),
        type=kind,
        subject=str(subject),
        occurred_at=now,
        data=None,
        version=None,
        correlation_id=cause.correlation_id or None,
        traceparent=cause.traceparent,
    )


def _user(user: User) -> contract.ScimUser:
    return contract.ScimUser(
        user_id=user.id,
        version=user.version,
        user_name=user.user_name,
        active=user.active,
        soft_deleted=user.soft_deleted,
        external_id=user.external_id,
        display_name=user.display_name,
        given_name=user.given_name,
        family_name=user.family_name,
        email=user.email,
        attributes=user.attributes,
    )


def _group(group: Group) -> contract.ScimGroup:
    return contract.ScimGroup(
        group_id=group.id,
        version=group.version,
        display_name=group.display_name,
        external_id=group.external_id,
    )
