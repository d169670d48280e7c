"""The graph of the bus is closed."""

from contracts.graph import CONSUMES, Consumption, faults, types_on
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS, TOPICS


def test_the_graph_is_closed() -> None:
    assert faults() == []


def test_every_topic_has_a_type_and_every_type_its_producers_topic() -> None:
    assert all(types_on(topic) for topic in TOPICS.values())


def test_a_consumer_of_a_type_that_nobody_sends_is_noticed() -> None:
    strange = Consumption("sso", DIRECTORY_USERS, "x", frozenset({"scim.user.created.v1"}))

    found = faults((*CONSUMES, strange))

    assert found == ["sso ignores scim.user.created.v1, which directory-users does not carry."]


def test_a_topic_read_twice_or_for_nothing_is_noticed() -> None:
    once = Consumption("sso", SCIM_EVENTS, "x")
    idle = Consumption("sso", SCIM_EVENTS, "x", types_on(SCIM_EVENTS))

    assert faults((once, idle)) == [
        "sso reads scim-events for nothing.",
        "sso reads scim-events twice.",
    ]
