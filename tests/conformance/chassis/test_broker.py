"""What every broker promises to the relay and the consumer (`chassis.bus.broker`)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from chassis.bus import OutgoingRecord, Partition, ReceivedRecord, Receiver, SendError
from chassis.bus.topics import create_topics
from chassis.ids import uuid7
from chassis.testing import LocalBroker
from contracts.topics import Topic
from support.bus import Broker, KafkaBroker
from support.waiting import eventually


class Member:
    """A receiver that keeps what it got."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.assigned: set[Partition] = set()
        self.got: list[ReceivedRecord] = []

    async def join(self, *, offset: int | None = 0) -> "Member":
        await self.receiver.start(
            lambda partitions: self._assigned(partitions, offset), self._revoked
        )
        return self

    def _assigned(self, partitions: set[Partition], offset: int | None) -> None:
        self.assigned = partitions
        if offset is not None:
            for partition in partitions:
                self.receiver.seek(partition, offset)
                self.receiver.resume(partition)

    def _revoked(self) -> None:
        self.assigned = set()

    async def values(self) -> list[bytes | None]:
        for records in (await self.receiver.receive(0.2)).values():
            self.got += records
        return [record.value for record in self.got]


class Topics:
    """A topic of its own for each test, written to and read from."""

    def __init__(self, broker: Broker, topic: Topic, stack: AsyncExitStack) -> None:
        self.broker = broker
        self.topic = topic
        self.group = f"group-{uuid7().hex}"
        self._stack = stack

    def partition(self, number: int = 0) -> Partition:
        return Partition(self.topic.name, number)

    async def write(self, *values: bytes | None, number: int = 0) -> list[SendError]:
        sender = self.broker.sender()
        await sender.start()
        records = [
            OutgoingRecord(self.partition(number), b"key", value, [("name", b"text")])
            for value in values
        ]
        outcomes = await sender.send(records)
        await sender.close()
        return [outcome for outcome in outcomes if outcome is not None]

    def member(self) -> Member:
        receiver = self.broker.receiver(self.group, [self.topic.name])
        self._stack.push_async_callback(receiver.close)
        return Member(receiver)


@pytest.fixture
async def topics(broker: Broker) -> AsyncIterator[Topics]:
    topic = Topic(f"conformance-{uuid7().hex}", "event", "test", "", 4, -1, 10_000)
    if isinstance(broker, LocalBroker):
        broker.create(topic)
    else:
        await create_topics(broker.bootstrap, [topic], replication=1)
    async with AsyncExitStack() as stack:
        yield Topics(broker, topic, stack)


async def test_records_of_a_partition_are_received_whole_and_in_order(topics: Topics) -> None:
    member = await topics.member().join()
    values = [b"%d" % number for number in range(200)]
    assert await topics.write(*values, None) == []
    await eventually(lambda: _all_got(member, [*values, None]))
    assert [record.offset for record in member.got] == list(range(201))
    assert (member.got[0].key, list(member.got[0].headers)) == (b"key", [("name", b"text")])


async def test_a_record_over_the_topics_limit_is_refused_for_good(topics: Topics) -> None:
    [refusal] = await topics.write(b"x" * 20_000)
    assert refusal.permanent
    assert await topics.write(b"small") == []
    member = await topics.member().join()
    await eventually(lambda: _all_got(member, [b"small"]))


async def test_assigned_partitions_are_silent_until_resumed(topics: Topics) -> None:
    member = await topics.member().join(offset=None)
    await eventually(lambda: len(member.assigned) == 4 or member.values())
    await topics.write(b"a", b"b", b"c")
    assert await member.values() == []
    member.receiver.seek(topics.partition(), 1)
    member.receiver.resume(topics.partition())
    await eventually(lambda: _all_got(member, [b"b", b"c"]))


async def test_a_paused_partition_gives_nothing_and_loses_nothing(topics: Topics) -> None:
    member = await topics.member().join()
    await topics.write(b"a")
    await eventually(lambda: _all_got(member, [b"a"]))
    member.receiver.pause(topics.partition())
    await topics.write(b"b")
    await topics.write(b"other", number=1)
    await eventually(lambda: _all_got(member, [b"a", b"other"]))
    member.receiver.resume(topics.partition())
    await eventually(lambda: _all_got(member, [b"a", b"other", b"b"]))


async def test_seeking_back_delivers_again(topics: Topics) -> None:
    member = await topics.member().join()
    await topics.write(b"a", b"b")
    await eventually(lambda: _all_got(member, [b"a", b"b"]))
    member.receiver.seek(topics.partition(), 1)
    await eventually(lambda: _all_got(member, [b"a", b"b", b"b"]))


async def test_an_offset_outside_the_log_leads_to_the_earliest_record(topics: Topics) -> None:
    await topics.write(b"a", b"b")
    member = await topics.member().join(offset=1_000)
    await eventually(lambda: _all_got(member, [b"a", b"b"]))


async def test_ends_tell_how_much_there_is(topics: Topics) -> None:
    await topics.write(b"a", b"b", number=2)
    member = await topics.member().join()
    ends = await member.receiver.ends([topics.partition(0), topics.partition(2)])
    assert ends == {topics.partition(0): 0, topics.partition(2): 2}


async def test_members_share_the_partitions_and_inherit_them(topics: Topics) -> None:
    first = await topics.member().join()
    await eventually(lambda: len(first.assigned) == 4 or first.values())
    second = await topics.member().join()

    async def shared() -> bool:
        await first.values(), await second.values()
        return (len(first.assigned), len(second.assigned)) == (2, 2)

    await eventually(shared, within=20)
    assert first.assigned | second.assigned == {topics.partition(number) for number in range(4)}
    assert await first.receiver.is_member()
    await first.receiver.close()
    await eventually(lambda: len(second.assigned) == 4 or second.values(), within=20)
    await topics.write(b"a", number=3)
    await eventually(lambda: _all_got(second, [b"a"]))


async def test_a_committed_offset_is_only_a_hint(topics: Topics) -> None:
    member = await topics.member().join()
    await topics.write(b"a", b"b")
    await eventually(lambda: _all_got(member, [b"a", b"b"]))
    await member.receiver.commit({topics.partition(): 2})
    await member.receiver.close()
    again = await topics.member().join(offset=0)
    await eventually(lambda: _all_got(again, [b"a", b"b"]))


async def test_nobody_is_a_member_of_an_empty_group(topics: Topics) -> None:
    # A new Kafka has no coordinator before the first member of any group.
    await (await topics.member().join()).values()
    receiver = topics.broker.receiver(f"empty-{uuid7().hex}", [topics.topic.name])
    assert not await receiver.is_member()
    await receiver.close()


async def test_without_a_broker_starting_is_an_oserror() -> None:
    down = LocalBroker()
    down.down = True
    for broker in (down, KafkaBroker("127.0.0.1:1")):
        sender = broker.sender()
        with pytest.raises(OSError):  # noqa: PT011 - the port promises no more
            await sender.start()
        await sender.close()
        receiver = broker.receiver("group", ["scim-events"])
        with pytest.raises(OSError):  # noqa: PT011
            await receiver.start(lambda _: None, lambda: None)
        await receiver.close()


async def _all_got(member: Member, values: list[bytes | None]) -> bool:
    assert await member.values() == values
    return True
