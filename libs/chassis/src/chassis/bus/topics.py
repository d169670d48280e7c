"""Creates the topics that `contracts.topics` declares, and lets the services' accounts use them.

`python -m chassis.bus.topics --bootstrap …` is the command; `KAFKA_USERNAME` says who does it.

A topic that exists is never changed: another number of partitions would tear tenants out of their
order. A difference is said clearly instead.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import typer
from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.bus.account import NOBODY, KafkaAccount, account_of
from chassis.bus.rights import grant, rights
from chassis.printable import printable
from chassis.settings import KafkaSettings, load_settings
from contracts.topics import TOPICS, Topic

TIMEOUT = 30.0
REQUEST_TIMEOUT_MS = 10_000
DAY_MS = 86_400_000


class TopicsDiffer(Exception):
    """Topics exist, but not as they are declared."""

    def __init__(self, differences: list[str]) -> None:
        """Say what differs."""
        super().__init__("; ".join(differences))
        self.differences = differences


async def create_topics(
    bootstrap: str,
    topics: Iterable[Topic] = tuple(TOPICS.values()),
    *,
    replication: int = -1,
    account: KafkaAccount = NOBODY,
    accounts: bool = False,
) -> list[str]:
    """Create the topics that are missing and return their names.

    Args:
        bootstrap: The brokers.
        topics: Which.
        replication: Replicas of each; -1 is the brokers' default.
        account: Who does it.
        accounts: Whether the services' accounts get their rights, too.

    Raises:
        TopicsDiffer: One exists with other partitions or another configuration.
        OSError: The broker cannot be reached or refuses.
    """
    topics = list(topics)
    async with asyncio.timeout(TIMEOUT):
        admin = await _connect(bootstrap, account)
        try:
            existing = set(await admin.list_topics())
            missing = [topic for topic in topics if topic.name not in existing]
            await _create(admin, missing, replication)
            if accounts:
                await grant(admin, rights(topics))
            differences = await _differences(
                admin, [topic for topic in topics if topic.name in existing]
            )
        finally:
            await admin.close()
    if differences:
        raise TopicsDiffer(differences)
    return [topic.name for topic in missing]


def kept_for(event_days: int) -> list[Topic]:
    """Return all topics, those of events kept for so many days; 0 keeps them for ever."""
    if not event_days:
        return list(TOPICS.values())
    retention_ms = event_days * DAY_MS
    return [
        replace(topic, retention_ms=retention_ms) if topic.kind == "event" else topic
        for topic in TOPICS.values()
    ]


async def _connect(bootstrap: str, account: KafkaAccount) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS, **account.options()
    )
    try:
        await admin.start()
    except kafka.KafkaError as error:
        await admin.close()
        raise ConnectionError(f"no Kafka broker answers at {bootstrap}") from error
    return admin


async def _create(admin: AIOKafkaAdminClient, topics: list[Topic], replication: int) -> None:
    if not topics:
        return
    # aiokafka takes the broker's default replication only together with an (empty) assignment.
    assignment: dict[int, list[int]] | None = {} if replication == -1 else None
    answer = await admin.create_topics(
        [
            NewTopic(topic.name, topic.partitions, replication, assignment, topic.config())
            for topic in topics
        ]
    )
    for name, code, *_ in answer.topic_errors:
        error = kafka.for_code(code)
        # Somebody else who starts at the same moment may have been faster.
        if code and error is not kafka.TopicAlreadyExistsError:
            raise ConnectionError(f"Kafka refused to create {name}: {error.__name__}")


async def _differences(admin: AIOKafkaAdminClient, topics: list[Topic]) -> list[str]:
    if not topics:
        return []
    names = [topic.name for topic in topics]
    partitions = {
        description["topic"]: len(description["partitions"])
        for description in await admin.describe_topics(names)
    }
    answers = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    )
    configs = {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for answer in answers
        for resource in answer.resources
    }
    differences = []
    for topic in topics:
        if partitions[topic.name] != topic.partitions:
            differences.append(
                f"{topic.name} has {partitions[topic.name]} partitions, not {topic.partitions}"
            )
        for option, wanted in topic.config().items():
            actual = configs[topic.name].get(option)
            if actual != wanted:
                differences.append(f"{topic.name} has {option}={actual}, not {wanted}")
    return differences


def _main(
    bootstrap: str = typer.Option(..., envvar="KAFKA_BOOTSTRAP_SERVERS", help="host:port,..."),
    replication: int = typer.Option(-1, help="Replicas of new topics; -1: the broker's default."),
    accounts: bool = typer.Option(False, help="Let the services' accounts use their topics, too."),
    event_days: int = typer.Option(
        0,
        envvar="KAFKA_EVENT_DAYS",
        min=0,
        help="Days that events are kept; 0: for ever, which a rebuild from the log needs.",
    ),
) -> None:
    """Create the topics that are missing; exit 1 if existing ones differ from their declaration."""
    account = account_of(load_settings(KafkaSettings))
    try:
        created = asyncio.run(
            create_topics(
                bootstrap,
                kept_for(event_days),
                replication=replication,
                account=account,
                accounts=accounts,
            )
        )
    except TopicsDiffer as error:
        typer.echo("Existing topics differ from contracts.topics and were left alone:", err=True)
        for difference in error.differences:
            typer.echo(printable(f"  {difference}"), err=True)
        raise typer.Exit(1) from None
    except (OSError, TimeoutError) as error:
        typer.echo(printable(f"Topics could not be created: {error}"), err=True)
        raise typer.Exit(1) from None
    typer.echo(printable(f"Created {', '.join(created)}.") if created else "All topics exist.")


if __name__ == "__main__":
    typer.run(_main)
