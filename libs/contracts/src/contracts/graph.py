"""Who reads what: the consumers of every topic, and what they do with each type.

Together with the producers that the topics name, this is the whole graph of the bus. Tests hold it
closed, and equal to the subscriptions that the services really make.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.registry import EVENT_TYPES
from contracts.topics import (
    DIRECTORY_TENANTS,
    DIRECTORY_USERS,
    DOMAIN_EVENTS,
    SCIM_EVENTS,
    SSO_EVENTS,
    TOPICS,
    Topic,
)


@dataclass(frozen=True, slots=True)
class Consumption:
    """One service reading one topic."""

    consumer: str
    topic: Topic
    purpose: str
    ignored: frozenset[str] = frozenset()
    """Types that the service knows and has no use for; every other type of the topic is handled."""

    @property
    def handled(self) -> frozenset[str]:
        """The types that have a handler."""
        return types_on(self.topic) - self.ignored


CONSUMES: tuple[Consumption, ...] = (
    Consumption(
        "tenant-directory",
        SCIM_EVENTS,
        "Keeps users, groups and memberships as the identity provider has them.",
    ),
    Consumption(
        "tenant-directory",
        DOMAIN_EVENTS,
        "Shows in a tenant's audit log what became of its domains.",
    ),
    Consumption(
        "scim",
        DIRECTORY_TENANTS,
        "Knows the tenants, and whether their package allows provisioning.",
    ),
    Consumption(
        "scim",
        DIRECTORY_USERS,
        "Knows the manually created users, so that the identity provider adopts them.",
    ),
    Consumption(
        "domain-verifier",
        DIRECTORY_TENANTS,
        "Knows the tenants, and whether their package allows claims to domains.",
    ),
    Consumption(
        "sso",
        DIRECTORY_TENANTS,
        "Knows the tenants, and whether their package allows single sign-on.",
    ),
    Consumption(
        "sso",
        DIRECTORY_USERS,
        "Knows who may sign in; who may no longer is signed out.",
    ),
    Consumption(
        "sso",
        DOMAIN_EVENTS,
        "Knows which tenant's people a mail domain is of.",
        ignored=frozenset({"domain.claimed.v1", "domain.failed.v1"}),
    ),
)

TELL_WHO_IS_OUT = (SSO_EVENTS, DIRECTORY_USERS)
"""Every process that checks access tokens follows these for its deny list, in no group and from
their last minutes on, beside what its service consumes."""


def types_on(topic: Topic) -> frozenset[str]:
    """Return the event types of a topic."""
    return frozenset(name for name, kind in EVENT_TYPES.items() if kind.topic == topic)


def consumers_of(topic: Topic) -> list[Consumption]:
    """Return who reads a topic."""
    return [consumption for consumption in CONSUMES if consumption.topic == topic]


def faults(consumes: Sequence[Consumption] = CONSUMES) -> list[str]:
    """Return what is wrong with the graph, a sentence each."""
    found = [
        f"{name} belongs to the topic {kind.topic.name}, which is not declared."
        for name, kind in EVENT_TYPES.items()
        if kind.topic.name not in TOPICS
    ]
    for consumption in consumes:
        unknown = consumption.ignored - types_on(consumption.topic)
        found += [
            f"{consumption.consumer} ignores {name}, which {consumption.topic.name} does not carry."
            for name in sorted(unknown)
        ]
        if not consumption.handled:
            found.append(f"{consumption.consumer} reads {consumption.topic.name} for nothing.")
    pairs = [(consumption.consumer, consumption.topic.name) for consumption in consumes]
    found += [f"{pair[0]} reads {pair[1]} twice." for pair in set(pairs) if pairs.count(pair) > 1]
    return found
