"""CloudEvents 1.0 on Kafka, binary mode: attributes are `ce_*` headers, the value is JSON.

Kafka Protocol Binding for CloudEvents 1.0.2 §3.2. What cannot be read raises Undecodable and is
never taken for something else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from pydantic import ValidationError

from chassis.bus.broker import Headers, ReceivedRecord
from contracts.event import Event
from contracts.registry import EVENT_TYPES
from contracts.topics import Topic

CONTENT_TYPE = b"application/json"


class Undecodable(Exception):
    """The record is no event that this service knows."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the consumer must know of a record before it reads the data."""

    type: str
    event_id: str
    tenant_id: UUID
    sequence: int
    subject: str
    version: int | None
    headers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """All headers, read once for the envelope and for the event."""


def encode_headers(event: Event) -> list[tuple[str, bytes]]:
    """Write an event's attributes as Kafka headers."""
    attributes: dict[str, str | None] = {
        "ce_specversion": "1.0",
        "ce_id": str(event.id),
        "ce_source": event.source,
        "ce_type": event.type,
        "ce_subject": event.subject,
        "ce_time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_tenantid": str(event.tenant_id),
        "ce_sequence": None if event.sequence is None else str(event.sequence),
        "ce_version": None if event.version is None else str(event.version),
        "ce_correlationid": event.correlation_id,
        "ce_traceparent": event.traceparent,
    }
    headers = [(name, value.encode()) for name, value in attributes.items() if value]
    headers.append(("content-type", CONTENT_TYPE))
    return headers


def record_key(topic: Topic, tenant_id: UUID, subject: str) -> bytes:
    """Return the record key: the tenant on event topics, `tenant/id` on state topics."""
    if topic.kind == "state":
        return f"{tenant_id}/{subject}".encode()
    return str(tenant_id).encode()


def tenant_of(record: ReceivedRecord) -> UUID | None:
    """Return whose record this is by its header, else by its key, or None."""
    header = dict(record.headers).get("ce_tenantid")
    for text in (header, (record.key or b"").partition(b"/")[0]):
        try:
            return UUID((text or b"").decode())
        except ValueError:
            continue
    return None


def sequence_of(record: ReceivedRecord) -> int | None:
    """Return the record's sequence if it has a readable one."""
    text = dict(record.headers).get("ce_sequence") or b""
    number = int(text) if text.isdigit() and len(text) < 20 else 0
    return number if 0 < number < 2**63 else None


def event_id_of(record: ReceivedRecord) -> str | None:
    """Return the record's event id as it is written there, if it has one."""
    written = dict(record.headers).get("ce_id")
    return None if written is None else written.decode(errors="replace")


def decode_envelope(record: ReceivedRecord, topic: Topic) -> Envelope:
    """Read whose the record is and its position in that tenant's order, not its data."""
    headers = _headers(record.headers)
    tenant_id = _uuid(headers, "ce_tenantid")
    subject = _text(headers, "ce_subject")
    if record.key != record_key(topic, tenant_id, subject):
        raise Undecodable("the record key does not agree with ce_tenantid and ce_subject")
    version = _integer(headers, "ce_version") if topic.kind == "state" else None
    return Envelope(
        _text(headers, "ce_type"),
        _text(headers, "ce_id"),
        tenant_id,
        _integer(headers, "ce_sequence"),
        subject,
        version,
        headers,
    )


def decode(record: ReceivedRecord, topic: Topic, envelope: Envelope) -> Event:
    """Read the whole event of an envelope, or raise Undecodable with the reason."""
    headers = envelope.headers
    if headers.get("ce_specversion") != "1.0":
        raise Undecodable("ce_specversion is not 1.0")
    event_type = EVENT_TYPES.get(envelope.type)
    if event_type is None or event_type.topic.name != topic.name:
        raise Undecodable(f"unknown type {envelope.type!r} on {topic.name}")
    if record.value is None and topic.kind == "event":
        raise Undecodable("an event without data")
    try:
        data = None if record.value is None else event_type.model.model_validate_json(record.value)
    except ValidationError as error:
        raise Undecodable(_sentence(error)) from None
    return Event(
        id=_uuid(headers, "ce_id"),
        type=event_type.name,
        source=_text(headers, "ce_source"),
        subject=envelope.subject,
        time=_time(headers),
        tenant_id=envelope.tenant_id,
        data=data,
        sequence=envelope.sequence,
        version=envelope.version,
        correlation_id=headers.get("ce_correlationid"),
        traceparent=headers.get("ce_traceparent"),
    )


def _headers(headers: Headers) -> dict[str, str]:
    try:
        return {name: value.decode() for name, value in headers if value is not None}
    except UnicodeDecodeError:
        raise Undecodable("a header is not UTF-8") from None


def _text(headers: Mapping[str, str], name: str) -> str:
    try:
        return headers[name]
    except KeyError:
        raise Undecodable(f"{name} is missing") from None


def _uuid(headers: Mapping[str, str], name: str) -> UUID:
    try:
        return UUID(_text(headers, name))
    except ValueError:
        raise Undecodable(f"{name} is not a UUID") from None


def _integer(headers: Mapping[str, str], name: str) -> int:
    text = _text(headers, name)
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < 2**63):
        raise Undecodable(f"{name} is not a positive number")
    return int(text)


def _time(headers: Mapping[str, str]) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(headers, "ce_time"))
    except ValueError:
        raise Undecodable("ce_time is not an RFC 3339 time") from None
    if moment.tzinfo is None:
        raise Undecodable("ce_time has no offset from UTC")
    return moment


def _sentence(error: ValidationError) -> str:
    """Name the wrong fields, never their values: data is personal."""
    fields = [
        f"{'.'.join(map(str, item['loc'])) or 'data'} ({item['type']})" for item in error.errors()
    ]
    return "data does not fit its model: " + ", ".join(fields[:5])
