"""A broker with accounts: a service does its own work there, and a stranger nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chassis.bus import (
    NOBODY,
    KafkaAccount,
    KafkaReceiver,
    KafkaSender,
    OutgoingRecord,
    Partition,
    SendError,
)
from chassis.bus.rights import Operation, Resource, Right, rights
from chassis.bus.topics import create_topics
from chassis.denied import DenyFeed, DenyList
from chassis.ids import uuid7
from chassis.observe import NotReady
from chassis.service.readiness import broker_checks
from contracts.graph import TELL_WHO_IS_OUT, consumers_of
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS, TOPICS, Topic
from support.bus import raw, running, user_deleted
from support.kafka_accounts import GuardedKafka, guarded_kafka
from support.waiting import eventually

SCIM, DIRECTORY, VERIFIER = (
    GuardedKafka.account(name) for name in ("scim", "tenant-directory", "domain-verifier")
)
pytestmark = pytest.mark.asyncio(loop_scope="module")
STRANGERS = [NOBODY, KafkaAccount("scim", "wrong"), KafkaAccount("nobody", "scim-secret")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GuardedKafka]:
    async with guarded_kafka(Path(tmp_path_factory.mktemp("guarded"))) as kafka:
        yield kafka


async def test_what_one_service_writes_the_one_it_is_for_reads(kafka: GuardedKafka) -> None:
    record = raw(user_deleted(uuid7()), 1)
    assert await _send(kafka, SCIM, record) is None
    assert await _received(kafka, DIRECTORY, "tenant-directory", SCIM_EVENTS, record)


@pytest.mark.parametrize("account", [DIRECTORY, VERIFIER], ids=["directory", "verifier"])
async def test_nobody_else_writes_a_services_topic(
    kafka: GuardedKafka, account: KafkaAccount
) -> None:
    refused = await _send(kafka, account, raw(user_deleted(uuid7()), 1))
    assert refused is not None
    assert "TopicAuthorizationFailed" in str(refused)


async def test_nobody_reads_what_is_not_for_it(kafka: GuardedKafka) -> None:
    with pytest.raises(OSError, match="TopicAuthorizationFailed"):
        await _read(kafka, VERIFIER, "domain-verifier", SCIM_EVENTS)


async def test_every_service_hears_who_is_out(kafka: GuardedKafka) -> None:
    denied = DenyList()
    async with running(DenyFeed(denied, kafka.bootstrap, VERIFIER).run):
        await eventually(lambda: denied.caught_up, within=20)


async def test_nobody_joins_anothers_group(kafka: GuardedKafka) -> None:
    with pytest.raises(OSError, match="GroupAuthorizationFailed"):
        await _read(kafka, SCIM, "tenant-directory", DIRECTORY_USERS)


@pytest.mark.parametrize("account", STRANGERS, ids=["nobody", "wrong password", "unknown"])
async def test_a_stranger_gets_no_connection(kafka: GuardedKafka, account: KafkaAccount) -> None:
    sender = KafkaSender(kafka.bootstrap, account)
    with pytest.raises(ConnectionError, match="Kafka"):
        await sender.start()
    await sender.close()
    broker, _ = broker_checks(kafka.bootstrap, list(TOPICS), account=account, essential=True)
    with pytest.raises(NotReady, match="not to this account"):
        await broker.probe()


@pytest.mark.parametrize("account", [SCIM, DIRECTORY, VERIFIER], ids=lambda each: each.username)
async def test_every_service_sees_that_all_topics_are_there(
    kafka: GuardedKafka, account: KafkaAccount
) -> None:
    for check in broker_checks(kafka.bootstrap, list(TOPICS), account=account, essential=True):
        await check.probe()


async def test_a_service_cannot_give_itself_rights(kafka: GuardedKafka) -> None:
    with pytest.raises(ConnectionError, match="refused a right"):
        await create_topics(kafka.bootstrap, account=SCIM, accounts=True)


async def test_rights_can_be_given_again(kafka: GuardedKafka) -> None:
    assert await create_topics(kafka.local, accounts=True) == []


async def test_rights_are_what_the_topics_declare() -> None:
    found = set(rights())
    assert Right("scim", Operation.WRITE, Resource.TOPIC, "scim-events") in found
    writers = {right.name: right.account for right in found if right.operation == Operation.WRITE}
    assert writers == {topic.name: topic.producer for topic in TOPICS.values()}
    assert len([right for right in found if right.operation == Operation.WRITE]) == len(TOPICS)
    for topic in TOPICS.values():
        readers = {
            right.account
            for right in found
            if (right.operation, right.name) == (Operation.READ, topic.name)
        }
        everybody = {right.account for right in found} if topic in TELL_WHO_IS_OUT else set()
        assert readers == {each.consumer for each in consumers_of(topic)} | everybody


async def _send(
    kafka: GuardedKafka, account: KafkaAccount, record: OutgoingRecord
) -> SendError | None:
    sender = KafkaSender(kafka.bootstrap, account)
    await sender.start()
    try:
        [outcome] = await sender.send([record])
    finally:
        await sender.close()
    return outcome


async def _received(
    kafka: GuardedKafka, account: KafkaAccount, group: str, topic: Topic, record: OutgoingRecord
) -> bool:
    async def found() -> bool:
        received = await receiver.receive(0.5)
        return any(each.value == record.value for batch in received.values() for each in batch)

    receiver, assigned = await _join(kafka, account, group, topic)
    try:
        for partition in assigned:
            receiver.seek(partition, 0)
            receiver.resume(partition)
        await eventually(found, within=20)
    finally:
        await receiver.close()
    return True


async def _read(kafka: GuardedKafka, account: KafkaAccount, group: str, topic: Topic) -> None:
    receiver, assigned = await _join(kafka, account, group, topic)
    try:
        for partition in assigned:
            receiver.seek(partition, 0)
            receiver.resume(partition)
        async with asyncio.timeout(20):
            while True:
                await receiver.receive(0.5)
    finally:
        await receiver.close()


async def _join(
    kafka: GuardedKafka, account: KafkaAccount, group: str, topic: Topic
) -> tuple[KafkaReceiver, set[Partition]]:
    receiver = KafkaReceiver(kafka.bootstrap, group=group, topics=[topic.name], account=account)
    assigned: set[Partition] = set()
    try:
        await receiver.start(assigned.update, lambda: None)
        async with asyncio.timeout(20):
            while not assigned:
                await receiver.receive(0.2)
    except BaseException:
        await receiver.close()
        raise
    return receiver, assigned
