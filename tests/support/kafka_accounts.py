"""A broker with accounts and rights, as the Docker stack has it.

Its own loopback port takes anybody, for administration; accounts come in by another.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chassis.bus import KafkaAccount
from chassis.bus.topics import create_topics
from contracts.topics import TOPICS, Topic
from embedded.kafka import KafkaBroker
from embedded.logs import Logs
from embedded.ports import HOST, free_port

MECHANISM = "SCRAM-SHA-512"
SERVICES = ("scim", "tenant-directory", "domain-verifier")
_SETTINGS = """\
listeners=PLAINTEXT://{host}:{local},CONTROLLER://{host}:{controller},ACCOUNTS://{host}:{port}
advertised.listeners=PLAINTEXT://{host}:{local},ACCOUNTS://{host}:{port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,ACCOUNTS:SASL_PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.accounts.scram-sha-512.sasl.jaas.config=\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
"""


@dataclass(frozen=True, slots=True)
class GuardedKafka:
    """The two ways in."""

    bootstrap: str
    """For accounts."""
    local: str
    """For whoever administers."""

    @staticmethod
    def account(name: str) -> KafkaAccount:
        """Return a service's account."""
        return KafkaAccount(name, password_of(name))


def password_of(name: str) -> str:
    """Return the password that a service has here."""
    return f"{name}-secret"


@asynccontextmanager
async def guarded_kafka(
    directory: Path, topics: Iterable[Topic] = tuple(TOPICS.values())
) -> AsyncIterator[GuardedKafka]:
    """Run such a broker, with topics and rights as they are declared."""
    local = free_port()
    controller = free_port(frozenset({local}))
    port = free_port(frozenset({local, controller}))
    users = [f"{MECHANISM}=[name={name},password={password_of(name)}]" for name in SERVICES]
    logs = Logs(directory / "logs")
    broker = KafkaBroker(
        data=directory / "kafka",
        port=local,
        controller_port=controller,
        logs=logs,
        settings=_SETTINGS.format(host=HOST, local=local, controller=controller, port=port),
        format_options=[part for user in users for part in ("--add-scram", user)],
    )
    await broker.start()
    try:
        await create_topics(broker.bootstrap, topics, accounts=True)
        yield GuardedKafka(f"{HOST}:{port}", broker.bootstrap)
    finally:
        await broker.stop()
        logs.close()
