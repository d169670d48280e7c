"""The rules for topics."""

from typing import Any

import pytest

from contracts.compatibility_topics import topic_breaches

TOPIC: dict[str, Any] = {
    "kind": "event",
    "producer": "scim",
    "partitions": 12,
    "retention_ms": 1000,
    "max_message_bytes": 10,
    "types": ["a.v1", "b.v1"],
}


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("topic-partitions-changed", {"partitions": 24}),
        ("topic-kind-changed", {"kind": "state"}),
        ("topic-producer-changed", {"producer": "sso"}),
        ("topic-type-removed", {"types": ["a.v1"]}),
        ("topic-retention_ms-reduced", {"retention_ms": 999}),
        ("topic-max_message_bytes-reduced", {"max_message_bytes": 9}),
    ],
)
def test_a_breaking_change_is_named(rule: str, change: dict[str, Any]) -> None:
    found = topic_breaches({"t": TOPIC}, {"t": TOPIC | change})

    assert [breach.rule for breach in found] == [rule]


def test_a_removed_topic_is_named() -> None:
    assert [breach.rule for breach in topic_breaches({"t": TOPIC}, {})] == ["topic-removed"]


def test_more_types_and_keeping_for_ever_are_harmless() -> None:
    more = TOPIC | {"types": ["a.v1", "b.v1", "c.v1"], "retention_ms": -1}

    assert topic_breaches({"t": TOPIC}, {"t": more, "new": TOPIC}) == []


def test_kept_for_ever_is_longer_than_any_number() -> None:
    for_ever = TOPIC | {"retention_ms": -1}

    assert len(topic_breaches({"t": for_ever}, {"t": TOPIC})) == 1
