"""One batch of the relay: what can be sent is sent, what cannot is named, order is kept.

Of one tenant and topic nothing is reported as sent behind an event that was not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from chassis.bus import (
    Outgoing,
    Partition,
    Sender,
    SendError,
    encode_headers,
    partition_of,
    record_key,
)
from contracts.event import Event
from contracts.topics import TOPICS

RECORD_OVERHEAD = 100
"""Bytes that Kafka adds to a batch of one record."""


@dataclass(slots=True)
class Delivery:
    """What became of a batch."""

    sent: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    """Events that can never be sent, and why."""
    failure: SendError | None = None


async def deliver(
    sender: Sender, rows: Sequence[asyncpg.Record], source: str, careful: set[Partition]
) -> Delivery:
    """Send numbered rows in their order.

    Args:
        sender: Must be thrown away if the delivery reports a failure.
        rows: In the order of each tenant and topic.
        source: CloudEvents `source`.
        careful: Partitions whose records go one by one to find the one that the broker refuses;
            kept up to date here.
    """
    delivery = Delivery()
    held: set[tuple[UUID, str]] = set()
    together: list[tuple[asyncpg.Record, Outgoing]] = []
    alone: list[tuple[asyncpg.Record, Outgoing]] = []
    for row in rows:
        if (row["tenant_id"], row["topic"]) in held:
            continue
        try:
            record = outgoing(row, source)
        except SendError as error:
            delivery.refused[row["id"]] = str(error)
            held.add((row["tenant_id"], row["topic"]))
            continue
        (alone if record.partition in careful else together).append((row, record))

    if together:
        outcomes = await sender.send([record for _, record in together])
        for (row, record), outcome in zip(together, outcomes, strict=True):
            _note(delivery, held, careful, row, record, outcome)
    if delivery.failure is None:
        await _one_by_one(sender, alone, delivery, careful)
    return delivery


def outgoing(row: Any, source: str) -> Outgoing:
    """Make the record of a numbered row, or raise a permanent SendError."""
    topic = TOPICS.get(row["topic"])
    if topic is None:
        raise SendError(f"topic {row['topic']} is not declared", permanent=True)
    event = Event(
        id=row["event_id"],
        type=row["type"],
        source=source,
        subject=row["subject"],
        time=row["occurred_at"],
        tenant_id=row["tenant_id"],
        data=None,
        sequence=row["sequence"],
        version=row["version"],
        correlation_id=row["correlation_id"],
        traceparent=row["traceparent"],
    )
    key = record_key(topic, row["tenant_id"], row["subject"])
    headers = encode_headers(event)
    value = row["data"]
    size = len(key) + len(value or b"") + RECORD_OVERHEAD
    size += sum(len(name) + len(text) + 4 for name, text in headers)
    if size > topic.max_message_bytes:
        raise SendError(f"{size} bytes exceed the limit of {topic.name}", permanent=True)
    partition = Partition(topic.name, partition_of(row["tenant_id"], topic.partitions))
    return Outgoing(partition, key, value, headers)


def _note(
    delivery: Delivery,
    held: set[tuple[UUID, str]],
    careful: set[Partition],
    row: asyncpg.Record,
    record: Outgoing,
    outcome: SendError | None,
) -> None:
    if outcome is not None:
        held.add((row["tenant_id"], row["topic"]))
        delivery.failure = delivery.failure or outcome
        if outcome.permanent:
            careful.add(record.partition)
    elif (row["tenant_id"], row["topic"]) not in held:
        delivery.sent.append(row["id"])


async def _one_by_one(
    sender: Sender,
    alone: Sequence[tuple[asyncpg.Record, Outgoing]],
    delivery: Delivery,
    careful: set[Partition],
) -> None:
    for row, record in alone:
        [outcome] = await sender.send([record])
        if outcome is None:
            delivery.sent.append(row["id"])
            continue
        delivery.failure = outcome
        if outcome.permanent:
            delivery.refused[row["id"]] = str(outcome)
        return
    careful.difference_update(record.partition for _, record in alone)
