"""Events on their way out: written in the business transaction, sent by the relay."""

from chassis.outbox.backlog import Backlog, outbox_poll, read_backlog
from chassis.outbox.records import (
    MAX_HEADER_BYTES,
    EventTooLarge,
    OutboxRecord,
    enqueue,
    outbox_record,
)
from chassis.outbox.relay import Relay
from chassis.outbox.signal import OutboxSignal

__all__ = [
    "MAX_HEADER_BYTES",
    "Backlog",
    "EventTooLarge",
    "OutboxRecord",
    "OutboxSignal",
    "Relay",
    "enqueue",
    "outbox_poll",
    "outbox_record",
    "read_backlog",
]
