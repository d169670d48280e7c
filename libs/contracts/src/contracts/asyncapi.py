"""The AsyncAPI 3.0 document of the bus: channels, messages, and who sends and receives them."""

from collections.abc import Mapping
from typing import Any

import yaml

from contracts.graph import CONSUMES, types_on
from contracts.registry import EVENT_TYPES, EventType
from contracts.schemas import schema_of
from contracts.topics import TOPICS, Topic

HEADERS: Mapping[str, tuple[str, str | None, bool]] = {
    "ce_specversion": ("Always 1.0.", None, True),
    "ce_id": ("Id of the event, UUID version 7.", "uuid", True),
    "ce_source": ("The producer, `/services/scim`.", None, True),
    "ce_type": ("Type and version of the event.", None, True),
    "ce_subject": ("Id of the user, group, tenant or claim that the event is about.", None, True),
    "ce_time": ("When it happened, UTC.", "date-time", True),
    "ce_tenantid": ("The tenant; decides on the partition.", "uuid", True),
    "ce_sequence": ("Dense per topic and tenant, from 1.", None, True),
    "ce_version": ("State topics: rises with every change of the record key.", None, False),
    "ce_correlationid": ("Id of the request that caused the event.", None, False),
    "ce_traceparent": ("W3C Trace Context of the span that caused the event.", None, False),
    "content-type": ("application/json.", None, True),
}
"""Header, its meaning, its format, and whether it is always there."""


class _PlainDumper(yaml.SafeDumper):
    """Writes a value that occurs twice twice: anchors are for machines."""

    def ignore_aliases(self, data: Any) -> bool:
        """Refer to nothing."""
        return True


def asyncapi_document() -> str:
    """Return the document as YAML."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Portico event bus",
            "version": "1.0.0",
            "description": "Generated from libs/contracts by `make contracts`.",
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(topic) for name, topic in TOPICS.items()},
        "operations": _operations(),
        "components": {
            "messages": {name: _message(kind) for name, kind in EVENT_TYPES.items()},
            "schemas": {"CloudEventHeaders": _headers()},
        },
    }
    return yaml.dump(document, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=120)


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"} for name in sorted(types_on(topic))
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.config()["cleanup.policy"]],
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations() -> dict[str, Any]:
    sends = {
        f"{topic.producer}.send.{name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": f"{topic.producer}: {topic.description}",
        }
        for name, topic in TOPICS.items()
    }
    receives = {
        f"{one.consumer}.receive.{one.topic.name}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{one.topic.name}"},
            "summary": f"{one.consumer}: {one.purpose}",
            "messages": [
                {"$ref": f"#/channels/{one.topic.name}/messages/{name}"}
                for name in sorted(one.handled)
            ],
        }
        for one in CONSUMES
    }
    return sends | receives


def _message(kind: EventType) -> dict[str, Any]:
    return {
        "name": kind.name,
        "summary": " ".join((kind.model.__doc__ or "").split()),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": schema_of(kind),
        },
    }


def _headers() -> dict[str, Any]:
    properties = {
        name: {"type": "string", "description": meaning} | ({"format": form} if form else {})
        for name, (meaning, form, _) in HEADERS.items()
    }
    required = [name for name, (_, _, always) in HEADERS.items() if always]
    return {"type": "object", "required": required, "properties": properties}
