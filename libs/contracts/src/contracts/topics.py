"""The one declaration of every topic: what it carries, and how it is kept.

Topics are created from here (`python -m chassis.bus.topics`), never by the broker itself.
"""

from dataclasses import dataclass
from typing import Literal

TopicKind = Literal["event", "state"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic.

    An `event` topic is "what happened": every record counts, `sequence` is dense per tenant.
    A `state` topic is "what is now": compacted, the record with the highest version of a key wins,
    a record without a value deletes the key.
    """

    name: str
    kind: TopicKind
    producer: str
    description: str
    partitions: int = 12
    retention_ms: int = -1
    """Milliseconds a record is kept; -1 keeps it for ever, which a rebuild from the log needs."""
    max_message_bytes: int = 1_048_576

    def config(self) -> dict[str, str]:
        """Return the topic's configuration as Kafka names it."""
        return {
            "cleanup.policy": "compact" if self.kind == "state" else "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
        }


SCIM_EVENTS = Topic(
    "scim-events",
    "event",
    "scim",
    "Users, groups and memberships as the identity provider sent them.",
)
DOMAIN_EVENTS = Topic(
    "domain-events",
    "event",
    "domain-verifier",
    "Which tenant claimed, holds and lost which DNS domain.",
)
SSO_EVENTS = Topic("sso-events", "event", "sso", "Who was signed out before their time.")
DIRECTORY_EVENTS = Topic(
    "directory-events", "event", "tenant-directory", "What happened to tenants, users and groups."
)
DIRECTORY_USERS = Topic(
    "directory-users", "state", "tenant-directory", "Every user of every tenant as it is now."
)
DIRECTORY_TENANTS = Topic(
    "directory-tenants", "state", "tenant-directory", "Every tenant as it is now."
)

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        SCIM_EVENTS,
        DOMAIN_EVENTS,
        SSO_EVENTS,
        DIRECTORY_EVENTS,
        DIRECTORY_USERS,
        DIRECTORY_TENANTS,
    )
}
