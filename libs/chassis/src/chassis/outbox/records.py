"""The outbox: events are rows of the business transaction, so neither exists without the other.

The relay gives each row its dense number, sends it and marks it (`chassis.outbox.relay`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis import context
from chassis.database import read_queries
from chassis.ids import uuid7
from contracts.base import Contract
from contracts.registry import EVENT_TYPES

QUERIES = read_queries("chassis.outbox", "outbox")

MAX_HEADER_BYTES = 4_096
"""Room that an event's data leaves for its headers and key in a record."""


class EventTooLarge(ValueError):
    """The event's data does not fit into a record of its topic; nothing was written."""


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """An event on its way into the outbox."""

    tenant_id: UUID
    topic: str
    event_id: UUID
    type: str
    subject: str
    occurred_at: datetime
    data: bytes | None
    """UTF-8 JSON; None deletes the key on a state topic."""
    version: int | None
    correlation_id: str | None
    traceparent: str | None


def outbox_record(
    type: str,
    *,
    tenant_id: UUID,
    subject: str,
    data: Contract | None,
    now: datetime,
    version: int | None = None,
) -> OutboxRecord:
    """Make an event of a registered type, caused by what `chassis.context` holds."""
    event_type = EVENT_TYPES.get(type)
    if event_type is None:
        raise ValueError(f"no event type {type!r} in contracts.registry")
    topic = event_type.topic
    if data is None and topic.kind == "event":
        raise ValueError(f"{type} needs data; only a state topic has deletions")
    if data is not None and not isinstance(data, event_type.model):
        raise ValueError(
            f"{type} carries {event_type.model.__name__}, not {data.__class__.__name__}"
        )
    if (version is None) is (topic.kind == "state"):
        raise ValueError(f"{type} {'needs a' if version is None else 'has no'} version")

    value = None if data is None else data.model_dump_json().encode()
    if value is not None and len(value) > topic.max_message_bytes - MAX_HEADER_BYTES:
        raise EventTooLarge(f"{type}: {len(value)} bytes do not fit into a record of {topic.name}")
    cause = context.current()
    return OutboxRecord(
        tenant_id=tenant_id,
        topic=topic.name,
        event_id=uuid7(),
        type=type,
        subject=subject,
        occurred_at=now,
        data=value,
        version=version,
        correlation_id=cause.correlation_id or None,
        traceparent=cause.traceparent,
    )


async def enqueue(connection: asyncpg.Connection, records: Sequence[OutboxRecord]) -> None:
    """Write events in the caller's transaction, in order, with one statement."""
    if not records:
        return
    await connection.execute(
        *QUERIES["insert_events"](
            tenant_ids=[record.tenant_id for record in records],
            topics=[record.topic for record in records],
            event_ids=[record.event_id for record in records],
            types=[record.type for record in records],
            subjects=[record.subject for record in records],
            times=[record.occurred_at for record in records],
            data=[record.data for record in records],
            versions=[record.version for record in records],
            correlation_ids=[record.correlation_id for record in records],
            traceparents=[record.traceparent for record in records],
        )
    )
