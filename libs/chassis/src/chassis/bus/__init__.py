"""The broker: records, their codec, topics and what operators ask of the bus."""

from chassis.bus.account import NOBODY, KafkaAccount, account_of
from chassis.bus.broker import (
    OutgoingRecord,
    Partition,
    ReceivedRecord,
    Receiver,
    Sender,
    SendError,
    partition_of,
)
from chassis.bus.codec import (
    Envelope,
    Undecodable,
    decode,
    decode_envelope,
    encode_headers,
    event_id_of,
    record_key,
    sequence_of,
    tenant_of,
)
from chassis.bus.fault_points import fault_points
from chassis.bus.kafka import KafkaReceiver, KafkaSender
from chassis.bus.operate import (
    BusStatus,
    NothingParked,
    read_bus_status,
    read_failed,
    read_history,
    request_action,
    request_done,
)
from chassis.bus.tail import KafkaTail

__all__ = [
    "NOBODY",
    "BusStatus",
    "Envelope",
    "KafkaAccount",
    "KafkaReceiver",
    "KafkaSender",
    "KafkaTail",
    "NothingParked",
    "OutgoingRecord",
    "Partition",
    "ReceivedRecord",
    "Receiver",
    "SendError",
    "Sender",
    "Undecodable",
    "account_of",
    "decode",
    "decode_envelope",
    "encode_headers",
    "event_id_of",
    "fault_points",
    "partition_of",
    "read_bus_status",
    "read_failed",
    "read_history",
    "record_key",
    "request_action",
    "request_done",
    "sequence_of",
    "tenant_of",
]
