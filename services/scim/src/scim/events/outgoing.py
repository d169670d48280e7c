"""Changes of users and groups as events; the only place that names their types.

This is on the way of every write, and a model of pydantic costs as much there as all the rest of
an event: data is written directly, and a test holds it equal to what the models in contracts say.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chassis import context
from chassis.ids import uuid7
from chassis.outbox import MAX_HEADER_BYTES, EventTooLarge, OutboxRecord
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
            data = orjson.dumps({"user": _user(user)})
            return _record("scim.user.created.v1", tenant_id, user.id, data, now)
        case UserUpdated(user):
            data = orjson.dumps({"user": _user(user)})
            return _record("scim.user.updated.v1", tenant_id, user.id, data, now)
        case UserDeleted(user_id):
            return _record("scim.user.deleted.v1", tenant_id, user_id, None, now)
        case GroupCreated(group):
            data = orjson.dumps({"group": _group(group)})
            return _record("scim.group.created.v1", tenant_id, group.id, data, now)
        case GroupUpdated(group):
            data = orjson.dumps({"group": _group(group)})
            return _record("scim.group.updated.v1", tenant_id, group.id, data, now)
        case GroupDeleted(group_id):
            return _record("scim.group.deleted.v1", tenant_id, group_id, None, now)
        case GroupMembersChanged(group_id):
            return _record("scim.group.members_changed.v1", tenant_id, group_id, None, now)


def _record(
    kind: str, tenant_id: UUID, subject: UUID, data: bytes | None, now: datetime
) -> OutboxRecord:
    if data is not None and len(data) > MAX_DATA_BYTES:
        raise EventTooLarge(f"{kind}: {len(data)} bytes would not fit through the directory")
    cause = context.current()
    return OutboxRecord(
        tenant_id=tenant_id,
        topic=EVENT_TYPES[kind].topic.name,
        event_id=uuid7(),
        type=kind,
        subject=str(subject),
        occurred_at=now,
        data=data,
        version=None,
        correlation_id=cause.correlation_id or None,
        traceparent=cause.traceparent,
    )


def _user(user: User) -> dict[str, Any]:
    """Return `contracts.scim.ScimUser` as it is written."""
    return {
        "user_id": user.id,
        "version": user.version,
        "user_name": user.user_name,
        "active": user.active,
        "soft_deleted": user.soft_deleted,
        "external_id": user.external_id,
        "display_name": user.display_name,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "email": user.email,
        "attributes": user.attributes,
    }


def _group(group: Group) -> dict[str, Any]:
    """Return `contracts.scim.ScimGroup` as it is written."""
    return {
        "group_id": group.id,
        "version": group.version,
        "display_name": group.display_name,
        "external_id": group.external_id,
    }
