"""Domain objects to parameters of statements, and rows to domain objects."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record

from chassis.outbox import OutboxRecord
from scim.domain.group import Group
from scim.domain.query import Field, Filter
from scim.domain.user import User
from scim.usecases.changes import Change
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import GroupRecord, StoredUser, UserFlags, UserRecord

MakeEvent = Callable[[UUID, Change, datetime], OutboxRecord]
"""Turns a change of a tenant into its outbox row."""

Row = Mapping[str, Any] | Record


def user_values(user: User, document: bytes) -> dict[str, object]:
    """Return the parameters of a statement that stores a user."""
    return {
        "user_id": user.id,
        "user_name": user.user_name,
        "user_name_key": user.user_name_key,
        "external_id": user.external_id,
        "display_name_key": user.display_name_key,
        "work_email_key": user.work_email_key,
        "email_keys": user.email_keys,
        "manager": user.manager,
        "active": user.active,
        "soft_deleted": user.soft_deleted,
        "version": user.version,
        "document": document,
    }


def event_values(event: OutboxRecord) -> dict[str, object]:
    """Return the parameters of a statement that stores an event, but for its data."""
    return {
        "topic": event.topic,
        "event_id": event.event_id,
        "event_type": event.type,
        "traceparent": event.traceparent,
    }


def entry_values(entry: LogEntry) -> dict[str, object]:
    """Return the parameters of a write's log row, apart from the resource."""
    return {
        "entry_id": entry.id,
        "occurred_at": entry.occurred_at,
        "operation": entry.endpoint,
        "status": entry.status,
        "dropped": entry.dropped or None,
        "correlation_id": entry.correlation_id,
    }


def user_record(row: Row) -> UserRecord:
    """Return a user as it is answered."""
    return UserRecord(
        row["id"], row["version"], row["created_at"], row["updated_at"], row["document"]
    )


def changeable_user_record(row: Row) -> UserRecord:
    """Return a user as it is answered, with what a change that follows needs to know."""
    adopted = row["origin"] == "scim"
    flags = UserFlags(row["active"], row["soft_deleted"]) if adopted else None
    return UserRecord(
        row["id"], row["version"], row["created_at"], row["updated_at"], row["document"], flags
    )


def stored_user(user_id: UUID, row: Row) -> StoredUser:
    """Return a user to be changed."""
    user = User.from_document(
        orjson.loads(row["document"]),
        id=user_id,
        version=row["version"],
        active=row["active"],
        soft_deleted=row["soft_deleted"],
    )
    return StoredUser(user, row["created_at"], row["updated_at"], row["origin"] == "scim")


def group_record(row: Row) -> GroupRecord:
    """Return a group as it is answered."""
    group = Group(row["id"], row["version"], row["display_name"], row["external_id"])
    return GroupRecord(group, row["created_at"], row["updated_at"], row["members"])


def single_values(clauses: Filter, *, several: Field) -> dict[Field, object] | None:
    """Return the value of each field; None when a field would need two different ones.

    Only the field that is a list can hold several, so its values are a list, too.
    """
    values: dict[Field, object] = {}
    pairs = [(c.field, c.value) for c in clauses if isinstance(c.field, Field)]
    listed = [value for field, value in pairs if field is several]
    if listed:
        values[several] = listed
    for field, value in pairs:
        if field is not several and values.setdefault(field, value) != value:
            return None
    return values
