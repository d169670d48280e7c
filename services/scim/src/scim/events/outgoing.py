"""Changes of users and groups in the words of the bus."""

from datetime import datetime
from uuid import UUID

from chassis.outbox import MAX_HEADER_BYTES, EventTooLarge, OutboxRecord, outbox_record
from contracts import scim as contract
from contracts.base import Contract
from contracts.topics import SCIM_EVENTS
from scim.domain.group import Group
from scim.domain.user import User
from scim.usecases.changes import Change, GroupCreated, GroupUpdated, UserCreated, UserUpdated

MAX_DATA_BYTES = SCIM_EVENTS.max_message_bytes - MAX_HEADER_BYTES - 1_024
"""The directory's events say a little more of a user: what we take must fit into those as well."""


def outgoing(tenant_id: UUID, change: Change, now: datetime) -> OutboxRecord:
    """Return the outbox row of a change, or raise EventTooLarge."""
    kind, subject, data = _event(change)
    record = outbox_record(kind, tenant_id=tenant_id, subject=str(subject), data=data, now=now)
    if record.data is not None and len(record.data) > MAX_DATA_BYTES:
        raise EventTooLarge(f"{kind}: {len(record.data)} bytes would not fit through the directory")
    return record


def _event(change: Change) -> tuple[str, UUID, Contract]:
    match change:
        case UserCreated(user):
            return "scim.user.created.v1", user.id, contract.ScimUserCreated(user=_user(user))
        case UserUpdated(user):
            return "scim.user.updated.v1", user.id, contract.ScimUserUpdated(user=_user(user))
        case GroupCreated(group):
            return "scim.group.created.v1", group.id, contract.ScimGroupCreated(group=_group(group))
        case GroupUpdated(group):
            return "scim.group.updated.v1", group.id, contract.ScimGroupUpdated(group=_group(group))


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
