"""What may change about a topic: more types, more room; nothing that moves data."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.compatibility import Breach

Declarations = Mapping[str, Mapping[str, Any]]


def topic_breaches(old: Declarations, new: Declarations) -> list[Breach]:
    """Return every rule that the change of the topics' declarations breaks."""
    found = [Breach("topic-removed", name, "it is gone") for name in old.keys() - new.keys()]
    for name in old.keys() & new.keys():
        found += _of_topic(name, old[name], new[name])
    return sorted(found, key=str)


def _of_topic(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Breach]:
    # The partition follows from the tenant id and the number of partitions: with another number a
    # tenant's events would lie in two partitions, and their order would be lost.
    for what in ("partitions", "kind", "producer"):
        if old[what] != new[what]:
            yield Breach(f"topic-{what}-changed", name, f"{old[what]} became {new[what]}")
    for event_type in sorted(set(old["types"]) - set(new["types"])):
        yield Breach("topic-type-removed", name, f"{event_type} is gone")
    for what in ("retention_ms", "max_message_bytes"):
        if _room(new[what]) < _room(old[what]):
            yield Breach(f"topic-{what}-reduced", name, f"{old[what]} became {new[what]}")


def _room(value: int) -> float:
    """Return a limit as a number that can be compared; -1 is none."""
    return float("inf") if value < 0 else value
