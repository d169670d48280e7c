"""JSON Schemas of the events: made from the models, and committed next to them.

The committed ones are frozen promises. The models are compared with them, and only additive changes
are written over them; anything else needs a new version of the event type.
"""

import json
from pathlib import Path
from typing import Any

from contracts.registry import EVENT_TYPES, EventType
from contracts.topics import TOPICS, Topic

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS = Path(__file__).parent / "schemas"
TOPICS_FILE = "topics.json"


def schema_of(event_type: EventType) -> Schema:
    """Return the schema of an event's data, as readers may rely on it."""
    schema = event_type.model.model_json_schema(mode="validation")
    return {"$schema": DIALECT, "$id": f"urn:portico:schema:{event_type.name}", **schema}


def schema_files() -> dict[str, str]:
    """Return the schema files as the models would have them: name and content."""
    files = {
        f"{name}.schema.json": to_json(schema_of(event_type))
        for name, event_type in EVENT_TYPES.items()
    }
    return files | {TOPICS_FILE: to_json(topic_declarations())}


def topic_declarations() -> dict[str, Any]:
    """Return what of the topics cannot be changed without moving data."""
    return {name: _declaration(topic) for name, topic in TOPICS.items()}


def _declaration(topic: Topic) -> dict[str, Any]:
    types = [name for name, event_type in EVENT_TYPES.items() if event_type.topic == topic]
    return {
        "kind": topic.kind,
        "producer": topic.producer,
        "partitions": topic.partitions,
        "retention_ms": topic.retention_ms,
        "max_message_bytes": topic.max_message_bytes,
        "types": sorted(types),
    }


def committed_schemas(directory: Path = SCHEMAS) -> dict[str, Schema]:
    """Return the committed schemas by event type."""
    return {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
        for path in sorted(directory.glob("*.schema.json"))
    }


def committed_topics(directory: Path = SCHEMAS) -> dict[str, Any]:
    """Return the committed declarations of the topics; none before the first generation."""
    path = directory / TOPICS_FILE
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def to_json(value: object) -> str:
    """Write JSON as it is committed: stable, and readable in a diff."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
