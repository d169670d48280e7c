"""The graph of the bus is closed, and the services do what it says."""

from collections.abc import Callable, Iterable
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from chassis.inbox import Subscription
from contracts.graph import CONSUMES, Consumption, faults, types_on
from contracts.registry import EVENT_TYPES
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS, TOPICS
from support.repository import SERVICE_PACKAGES


def test_the_graph_is_closed() -> None:
    assert faults() == []


def test_every_topic_has_a_type_and_every_type_its_producers_topic() -> None:
    assert all(types_on(topic) for topic in TOPICS.values())


def test_a_consumer_of_a_type_that_nobody_sends_is_noticed() -> None:
    strange = Consumption("console", DIRECTORY_USERS, "x", frozenset({"scim.user.created.v1"}))

    found = faults((*CONSUMES, strange))

    assert found == ["console ignores scim.user.created.v1, which directory-users does not carry."]


def test_a_topic_read_twice_or_for_nothing_is_noticed() -> None:
    once = Consumption("console", SCIM_EVENTS, "x")
    idle = Consumption("console", SCIM_EVENTS, "x", types_on(SCIM_EVENTS))

    assert faults((once, idle)) == [
        "console reads scim-events for nothing.",
        "console reads scim-events twice.",
    ]


def unused(*_: Any) -> Any:
    """Stand for what a handler would call; no handler runs here."""


def subscriptions_of(subscriptions: Callable[..., Iterable[Subscription]]) -> list[Subscription]:
    """Return what a service subscribes to, whatever its handlers are bound to."""
    return list(subscriptions(*(unused for _ in signature(subscriptions).parameters)))


SUBSCRIPTIONS: dict[str, list[Subscription]] = {
    service: subscriptions_of(import_module(f"{package}.events.incoming").subscriptions)
    for service, package in SERVICE_PACKAGES.items()
}


def test_services_subscribe_to_what_the_graph_says() -> None:
    really = {
        (service, one.topic.name, frozenset(one.handlers), one.ignored)
        for service, subscriptions in SUBSCRIPTIONS.items()
        for one in subscriptions
    }

    assert really == {(one.consumer, one.topic.name, one.handled, one.ignored) for one in CONSUMES}


SERVICES = Path(__file__).parents[2] / "services"


def handles(path: Path) -> bool:
    """Tell whether a file says what is done with events, not which are written."""
    return path.parent.name == "events" and path.stem != "outgoing"


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_type_is_written_by_the_producer_of_its_topic_alone(name: str) -> None:
    producer = EVENT_TYPES[name].topic.producer
    writers = {
        path.relative_to(SERVICES).parts[0]
        for pattern in ("*/src/**/*.py", "*/src/**/*.sql")
        for path in SERVICES.glob(pattern)
        if not handles(path) and f'"{name}"' in path.read_text("utf-8")
    }

    assert writers == {producer}
