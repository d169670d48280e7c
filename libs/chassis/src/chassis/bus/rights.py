"""What each service's account may do at the brokers, from what `contracts` declares of the bus.

An account has its service's name, and so has its consumer group. It writes the topics that its
service produces, reads those that it consumes and those that say who is out, and sees that all are
there. Nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from contracts.graph import TELL_WHO_IS_OUT, consumers_of
from contracts.topics import TOPICS, Topic

ANY_HOST = "*"
_LITERAL = 3
_ALLOW = 3


class Resource(IntEnum):
    """Kafka's `ResourceType`."""

    TOPIC = 2
    GROUP = 3


class Operation(IntEnum):
    """Kafka's `AclOperation`."""

    READ = 3
    WRITE = 4
    DESCRIBE = 8


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that one account may do."""

    account: str
    operation: Operation
    resource: Resource
    name: str


def rights(topics: Iterable[Topic] = tuple(TOPICS.values())) -> list[Right]:
    """Return the rights of all accounts."""
    readers = {topic: {each.consumer for each in consumers_of(topic)} for topic in topics}
    services = {topic.producer for topic in readers}.union(*readers.values())
    found = []
    for service in sorted(services):
        found.append(Right(service, Operation.READ, Resource.GROUP, service))
        for topic, consumers in readers.items():
            found.append(Right(service, Operation.DESCRIBE, Resource.TOPIC, topic.name))
            if topic.producer == service:
                found.append(Right(service, Operation.WRITE, Resource.TOPIC, topic.name))
            if service in consumers or topic in TELL_WHO_IS_OUT:
                found.append(Right(service, Operation.READ, Resource.TOPIC, topic.name))
    return found


async def grant(admin: AIOKafkaAdminClient, wanted: Iterable[Right]) -> None:
    """Give accounts their rights; what they have already stays.

    Raises:
        ConnectionError: The brokers have no authorizer, or we may not.
    """
    for right in wanted:
        request = CreateAclsRequest(
            right.resource,
            right.name,
            _LITERAL,
            f"User:{right.account}",
            ANY_HOST,
            right.operation,
            _ALLOW,
        )
        # aiokafka knows the request, but has no method for it.
        answer = await admin._send_to_controller(request)
        for code, message in answer.creation_responses:
            if code:
                error = kafka.for_code(code)
                raise ConnectionError(f"Kafka refused a right: {message or error.__name__}")
