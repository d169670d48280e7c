"""The envelope on Kafka: the `cloudevents` package reads what we write, and we refuse the rest."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from aiokafka.partitioner import DefaultPartitioner
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

from chassis.bus import (
    Envelope,
    Partition,
    ReceivedRecord,
    Undecodable,
    decode,
    decode_envelope,
    encode_headers,
    partition_of,
    record_key,
    sequence_of,
    tenant_of,
)
from contracts.directory import DirectoryUser
from contracts.event import Event
from contracts.scim import ScimUserDeleted
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS, Topic

TENANT = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
USER = UUID("01890a5d-ac96-774b-bcce-b302099a8058")

DELETED = Event(
    id=UUID("01890a5d-ac96-774b-bcce-b302099a8059"),
    type="scim.user.deleted.v1",
    source="/services/scim",
    subject=str(USER),
    time=datetime(2026, 11, 23, 12, 30, 0, 123456, tzinfo=UTC),
    tenant_id=TENANT,
    data=ScimUserDeleted(user_id=USER, user_name="æda@acme.test"),
    sequence=7,
    correlation_id="corr-1",
    traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
)
STATE = replace(
    DELETED,
    type="directory.user.state.v1",
    source="/services/tenant-directory",
    data=DirectoryUser(user_id=USER, version=3, user_name="ada", status="active", origin="manual"),
    version=3,
)


def incoming(event: Event, topic: Topic, **headers: bytes | None) -> ReceivedRecord:
    written = dict(encode_headers(event)) | headers
    return ReceivedRecord(
        Partition(topic.name, 0),
        0,
        record_key(topic, event.tenant_id, event.subject),
        None if event.data is None else event.data.model_dump_json().encode(),
        [(name, value) for name, value in written.items() if value is not None],
    )


def read(record: ReceivedRecord, topic: Topic) -> Event:
    return decode(record, topic, decode_envelope(record, topic))


@pytest.mark.parametrize(("event", "topic"), [(DELETED, SCIM_EVENTS), (STATE, DIRECTORY_USERS)])
def test_an_event_survives_the_way(event: Event, topic: Topic) -> None:
    assert read(incoming(event, topic), topic) == event


def test_a_deletion_survives_the_way() -> None:
    event = replace(STATE, data=None)
    assert read(incoming(event, DIRECTORY_USERS), DIRECTORY_USERS) == event


def test_the_cloudevents_package_reads_what_we_write() -> None:
    record = incoming(DELETED, SCIM_EVENTS)
    message = KafkaMessage(dict(record.headers), record.key, record.value or b"")
    event = from_binary_event(message)
    assert DELETED.data is not None
    assert event.get_data() == DELETED.data.model_dump(mode="json")
    attributes = {name: str(value) for name, value in event.get_attributes().items()}
    assert attributes["time"] == "2026-11-23 12:30:00.123456+00:00"
    assert {name: attributes[name] for name in ("id", "type", "source", "subject")} == {
        "id": str(DELETED.id),
        "type": DELETED.type,
        "source": DELETED.source,
        "subject": DELETED.subject,
    }
    assert (attributes["specversion"], attributes["datacontenttype"]) == ("1.0", "application/json")
    extensions = ("tenantid", "sequence", "correlationid", "traceparent")
    assert [attributes[name] for name in extensions] == [
        str(TENANT),
        "7",
        "corr-1",
        DELETED.traceparent,
    ]


def test_the_envelope_is_read_without_the_data() -> None:
    record = replace(incoming(DELETED, SCIM_EVENTS), value=b"not json")
    assert decode_envelope(record, SCIM_EVENTS) == Envelope(
        DELETED.type, str(DELETED.id), TENANT, 7, str(USER), None
    )


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("ce_specversion", b"0.3", "ce_specversion is not 1.0"),
        ("ce_type", b"scim.user.exploded.v1", "unknown type"),
        ("ce_type", b"directory.user.state.v1", "unknown type"),
        ("ce_type", b"scim.user.created.v1", "user (missing)"),
        ("ce_id", b"7", "ce_id is not a UUID"),
        ("ce_id", None, "ce_id is missing"),
        ("ce_source", None, "ce_source is missing"),
        ("ce_time", b"yesterday", "ce_time is not an RFC 3339 time"),
        ("ce_time", b"2026-11-23T12:30:00", "ce_time has no offset"),
        ("ce_tenantid", b"acme", "ce_tenantid is not a UUID"),
        ("ce_sequence", b"0", "ce_sequence is not a positive number"),
        ("ce_sequence", "²".encode(), "ce_sequence is not a positive number"),
        ("ce_correlationid", b"\xff", "a header is not UTF-8"),
    ],
)
def test_a_wrong_attribute_is_named(header: str, value: bytes | None, reason: str) -> None:
    with pytest.raises(Undecodable) as refusal:
        read(incoming(DELETED, SCIM_EVENTS, **{header: value}), SCIM_EVENTS)
    assert reason in str(refusal.value)


def test_wrong_data_is_named_without_its_values() -> None:
    record = replace(
        incoming(DELETED, SCIM_EVENTS), value=b'{"user_id": "ada@acme.test", "user_name": 3}'
    )
    with pytest.raises(Undecodable) as refusal:
        read(record, SCIM_EVENTS)
    text = str(refusal.value)
    assert text == ("data does not fit its model: user_id (uuid_parsing), user_name (string_type)")


def test_a_key_of_another_tenant_is_refused() -> None:
    record = replace(incoming(DELETED, SCIM_EVENTS), key=str(USER).encode())
    with pytest.raises(Undecodable, match="record key"):
        decode_envelope(record, SCIM_EVENTS)


def test_the_tenant_is_found_in_header_or_key_if_anywhere() -> None:
    record = incoming(STATE, DIRECTORY_USERS, ce_tenantid=b"\xff")
    assert tenant_of(record) == TENANT
    assert tenant_of(replace(record, key=b"x")) is None
    assert tenant_of(replace(record, key=None)) is None


@pytest.mark.parametrize("text", [None, b"", b"0", b"-1", b"x", b"9" * 19, b"9" * 40, b"\xff"])
def test_an_unusable_sequence_is_none(text: bytes | None) -> None:
    assert sequence_of(incoming(DELETED, SCIM_EVENTS, ce_sequence=text)) is None


def test_a_tenant_has_one_partition_number_on_every_topic() -> None:
    places = list(range(12))
    for number in range(50):
        tenant_id = UUID(int=TENANT.int + number)
        kafka_place = DefaultPartitioner()(str(tenant_id).encode(), places, places)
        assert partition_of(tenant_id, 12) == kafka_place
    assert record_key(DIRECTORY_USERS, TENANT, "u") == f"{TENANT}/u".encode()
