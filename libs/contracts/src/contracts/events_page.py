"""The page `docs/events.md`: what is on the bus, who says it, who hears it, and how it looks."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.asyncapi import HEADERS
from contracts.compatibility import flatten, types_of
from contracts.examples import example_files
from contracts.graph import consumers_of, types_on
from contracts.registry import EVENT_TYPES
from contracts.schemas import schema_of
from contracts.topics import TOPICS, Topic

_INTRODUCTION = """\
# Events

Generated from `libs/contracts` by `make contracts`; do not edit. The same in AsyncAPI 3.0:
[asyncapi.yaml](asyncapi.yaml).

Every record is a CloudEvent 1.0 in Kafka's binary mode: attributes are headers, the value is JSON.
A tenant's records share a partition, so they are in order across users and groups. On **event**
topics every record counts and `ce_sequence` is dense per tenant: a consumer can prove that nothing
is missing. On **state** topics the record with the highest `ce_version` of a key wins, and a record
without a value deletes the key.

Readers ignore properties that they do not know. Within a version only optional properties are
added; anything else gets a new version of the type (ADR 0001)."""


def events_page() -> str:
    """Return the page."""
    return "\n".join([*_head(), *(line for topic in TOPICS.values() for line in _topic(topic))])


def _head() -> Iterator[str]:
    yield _INTRODUCTION
    yield "\n```mermaid\nflowchart LR"
    for name, topic in TOPICS.items():
        yield f"    {topic.producer} --> {name}[/{name}/]"
        for consumption in consumers_of(topic):
            yield f"    {name} --> {consumption.consumer}"
    yield "```\n"
    yield "## Envelope\n"
    yield "| header | meaning |"
    yield "|---|---|"
    for header, (meaning, _, always) in HEADERS.items():
        yield f"| `{header}` | {meaning}{'' if always else ' Optional.'} |"
    yield ""


def _topic(topic: Topic) -> Iterator[str]:
    keep = "for ever" if topic.retention_ms < 0 else f"{topic.retention_ms} ms"
    key = "`tenant/id`" if topic.kind == "state" else "the tenant id"
    yield f"## {topic.name}\n"
    yield f"{topic.description}\n"
    yield f"- {topic.kind} topic of `{topic.producer}`, {topic.partitions} partitions, kept {keep}"
    yield f"- record key: {key}"
    for consumption in consumers_of(topic):
        yield f"- read by `{consumption.consumer}`: {consumption.purpose}"
        if consumption.ignored:
            yield f"  (no use for {', '.join(f'`{name}`' for name in sorted(consumption.ignored))})"
    yield ""
    for name in EVENT_TYPES:
        if name in types_on(topic):
            yield from _event(name)


def _event(name: str) -> Iterator[str]:
    kind = EVENT_TYPES[name]
    schema = schema_of(kind)
    yield f"### {name}\n"
    yield " ".join((kind.model.__doc__ or "").split())
    yield "\n| property | type | meaning |\n|---|---|---|"
    yield from _rows(schema, schema, "")
    for path in example_files().get(name, [])[:1]:
        yield f"\nExample: {path.stem.replace('-', ' ')}\n"
        yield f"```json\n{path.read_text('utf-8').strip()}\n```"
    yield ""


def _rows(node: Mapping[str, Any], document: Mapping[str, Any], prefix: str) -> Iterator[str]:
    required = node.get("required", [])
    for name, raw in node.get("properties", {}).items():
        below = flatten(raw, document)
        optional = "" if name in required else ", optional"
        yield f"| `{prefix}{name}` | {_type(below)}{optional} | {_meaning(raw, below)} |"
        if "properties" in below:
            yield from _rows(below, document, f"{prefix}{name}.")


def _type(node: Mapping[str, Any]) -> str:
    types = sorted(types_of(node) - {"null"})
    text = " or ".join(types) if node.get("type") else "any"
    items = node.get("items", {})
    if text == "array":
        text = f"array of {items.get('format') or items.get('type', 'any')}"
    if node.get("format"):
        text = str(node["format"])
    return f"{text} or null" if "null" in types_of(node) and node.get("type") else text


def _meaning(raw: Mapping[str, Any], below: Mapping[str, Any]) -> str:
    text = raw.get("description") or below.get("description") or ""
    return " ".join(str(text).split()).replace("|", "\\|")
