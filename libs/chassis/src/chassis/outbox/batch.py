"""One batch of the relay: what can be sent is sent, what cannot is named, order is kept.

Of one tenant and topic nothing is reported as sent behind an event that was not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from chassis.bus import (
    OutgoingRecord,
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
    sender: Sender, rows: Sequence[asyncpg.Record], source: str, suspects: set[Partition]
) -> Delivery:
    """Send numbered rows in their order.

    Args:
        sender: Must be thrown away if the delivery reports a failure.
        rows: In the order of each tenant and topic.
        source: CloudEvents `source`.
        suspects: Partitions whose records go one by one to find the one that the broker refuses;
            kept up to date here.
    """
    delivery = Delivery()
    held_back: set[tuple[UUID, str]] = set()
    batched: list[tuple[asyncpg.Record, OutgoingRecord]] = []
    single: list[tuple[asyncpg.Record, OutgoingRecord]] = []
    for row in rows:
        if (row["tenant_id"], row["topic"]) in held_back:
            continue
        try:
            record = record_of(row, source)
        except SendError as error:
            delivery.refused[row["id"]] = str(error)
            held_back.add((row["tenant_id"], row["topic"]))
            continue
        (single if record.partition in suspects else batched).append((row, record))

    if batched:
        outcomes = await sender.send([record for _, record in batched])
        for (row, record), outcome in zip(batched, outcomes, strict=True):
            _record_outcome(delivery, held_back, suspects, row, record, outcome)
    if delivery.failure is None:
        await _one_by_one(sender, single, delivery, suspects)
    return delivery


def record_of(row: Any, source: str) -> OutgoingRecord:
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
    return OutgoingRecord(partition, key, value, headers)


def _record_outcome(
    delivery: Delivery,
    held_back: set[tuple[UUID, str]],
    suspects: set[Partition],
    row: asyncpg.Record,
    record: OutgoingRecord,
    outcome: SendError | None,
) -> None:
    if outcome is not None:
        held_back.add((row["tenant_id"], row["topic"]))
        delivery.failure = delivery.failure or outcome
        if outcome.permanent:
            suspects.add(record.partition)
    elif (row["tenant_id"], row["topic"]) not in held_back:
        delivery.sent.append(row["id"])


async def _one_by_one(
    sender: Sender,
    single: Sequence[tuple[asyncpg.Record, OutgoingRecord]],
    delivery: Delivery,
    suspects: set[Partition],
) -> None:
    for row, record in single:
        [outcome] = await sender.send([record])
        if outcome is None:
            delivery.sent.append(row["id"])
            continue
        delivery.failure = outcome
        if outcome.permanent:
            delivery.refused[row["id"]] = str(outcome)
        return
    suspects.difference_update(record.partition for _, record in single)
