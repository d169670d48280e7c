"""Rows and domain objects, one turned into the other by plain functions.

The value lists are in the order of the parameters of the queries that they belong to.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record

from chassis import context
from chassis.ids import uuid7
from chassis.outbox import OutboxRecord
from contracts.registry import EVENT_TYPES
from scim.domain.group import Group
from scim.domain.query import Field, Filter
from scim.domain.user import User
from scim.usecases.changes import Change
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import GroupRecord, StoredUser, UserRecord

MakeEvent = Callable[[UUID, Change, datetime], OutboxRecord]
"""Turns a change of a tenant into its outbox row."""

Row = Mapping[str, Any] | Record


def user_values(user: User, document: bytes) -> list[object]:
    """Return what the columns of `users` hold from `id` to `soft_deleted`, and the document."""
    return [
        user.id,
        user.user_name,
        user.user_name_key,
        user.external_id,
        user.display_name_key,
        user.work_email_key,
        user.email_keys,
        user.manager,
        user.active,
        user.soft_deleted,
        user.version,
        document,
    ]


def event_values(event: OutboxRecord) -> list[object]:
    """Return topic, id, type, data, correlation id and trace of an event."""
    return [
        event.topic,
        event.event_id,
        event.type,
        event.data,
        event.correlation_id,
        event.traceparent,
    ]


def event_headers(kind: str) -> list[object]:
    """Return topic, new id, type, correlation id and trace of an event whose data SQL writes."""
    cause = context.current()
    topic = EVENT_TYPES[kind].topic.name
    return [topic, uuid7(), kind, cause.correlation_id or None, cause.traceparent]


def entry_values(entry: LogEntry) -> list[object]:
    """Return what a write's log row holds beside the resource."""
    return [
        entry.id,
        entry.occurred_at,
        entry.operation,
        entry.status,
        entry.dropped or None,
        entry.correlation_id,
    ]


def user_record(row: Row) -> UserRecord:
    """Return a user as it is answered."""
    return UserRecord(
        row["id"], row["version"], row["created_at"], row["updated_at"], row["document"]
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
