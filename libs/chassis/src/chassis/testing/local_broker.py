"""A broker in memory: partitions, offsets, groups that rebalance, and failures on demand.

It keeps the promises of `chassis.bus.broker` and no others; `tests/conformance/chassis` runs the
same
cases against it and against Kafka.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from chassis.bus import OutgoingRecord, Partition, ReceivedRecord, SendError
from contracts.topics import TOPICS, Topic


class LocalBroker:
    """Topics in memory, for one event loop."""

    def __init__(self, topics: Iterable[Topic] = tuple(TOPICS.values())) -> None:
        """Make the topics, empty."""
        self.down = False
        """Every call fails as if no broker answered."""
        self.refusals: list[SendError] = []
        """The next sends fail with these, one each."""
        self._logs: dict[Partition, list[ReceivedRecord]] = {}
        self._starts: dict[Partition, int] = {}
        self._limits: dict[str, int] = {}
        self._groups: dict[str, list[LocalReceiver]] = {}
        self._rebalancing = asyncio.Lock()
        for topic in topics:
            self.create(topic)

    def create(self, topic: Topic) -> None:
        """Make a topic, empty."""
        self._limits[topic.name] = topic.max_message_bytes
        for number in range(topic.partitions):
            self._logs[Partition(topic.name, number)] = []
            self._starts[Partition(topic.name, number)] = 0

    def sender(self) -> "LocalSender":
        """Return a new sender."""
        return LocalSender(self)

    def receiver(self, group: str, topics: Sequence[str]) -> "LocalReceiver":
        """Return a new receiver."""
        return LocalReceiver(self, group, topics)

    def truncate(self, partition: Partition, before: int) -> None:
        """Drop the records before an offset, as retention does."""
        self._starts[partition] = before
        self._logs[partition] = [item for item in self._logs[partition] if item.offset >= before]

    def records(self, topic: str) -> list[ReceivedRecord]:
        """Return everything that lies in a topic, partition by partition."""
        return [
            item
            for partition, log in self._logs.items()
            if partition.topic == topic
            for item in log
        ]

    def append(self, record: OutgoingRecord) -> SendError | None:
        """Write one record at the end of its partition."""
        if self.refusals:
            return self.refusals.pop(0)
        if record.partition not in self._logs:
            return SendError("no such partition", permanent=False)
        size = len(record.value or b"") + len(record.key)
        if size > self._limits[record.partition.topic]:
            return SendError("MessageSizeTooLarge", permanent=True)
        self._logs[record.partition].append(
            ReceivedRecord(
                record.partition,
                self.end(record.partition),
                record.key,
                record.value,
                list(record.headers),
            )
        )
        for members in self._groups.values():
            for member in members:
                member.wakeup.set()
        return None

    def end(self, partition: Partition) -> int:
        """Return the offset after the last record."""
        log = self._logs[partition]
        return log[-1].offset + 1 if log else self._starts[partition]

    def read(self, partition: Partition, offset: int) -> list[ReceivedRecord]:
        """Return the records from an offset on, or from the earliest if that is not in the log."""
        if not self._starts[partition] <= offset <= self.end(partition):
            offset = self._starts[partition]
        return [record for record in self._logs[partition] if record.offset >= offset]

    def members(self, group: str) -> list["LocalReceiver"]:
        """Return the members of a group."""
        return self._groups.setdefault(group, [])

    async def rebalance(self, group: str) -> None:
        """Take every partition from every member and deal them out again."""
        async with self._rebalancing:
            members = list(self.members(group))
            for member in members:
                await member.revoke()
            for index, member in enumerate(members):
                partitions = [
                    partition for partition in self._logs if partition.topic in member.topics
                ]
                member.assign(set(partitions[index :: len(members)]))

    def check_up(self) -> None:
        """Raise as a client does when no broker answers."""
        if self.down:
            raise ConnectionError("the local broker is down")


class LocalSender:
    """Writes to a LocalBroker."""

    def __init__(self, broker: LocalBroker) -> None:
        """Prepare."""
        self._broker = broker
        self._failed = False

    async def start(self) -> None:
        """Connect, or raise OSError."""
        self._broker.check_up()

    async def send(self, records: Sequence[OutgoingRecord]) -> list[SendError | None]:
        """Write records and return each one's outcome, in order."""
        await asyncio.sleep(0)
        return [self._send(record) for record in records]

    async def close(self) -> None:
        """Disconnect."""
        self._failed = True

    def _send(self, record: OutgoingRecord) -> SendError | None:
        if self._failed or self._broker.down:
            return SendError("not sent after a failure", permanent=False)
        outcome = self._broker.append(record)
        self._failed = outcome is not None
        return outcome


class LocalReceiver:
    """Reads from a LocalBroker as a member of a group."""

    def __init__(self, broker: LocalBroker, group: str, topics: Sequence[str]) -> None:
        """Prepare."""
        self.topics = frozenset(topics)
        self.wakeup = asyncio.Event()
        self._broker = broker
        self._group = group
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self._assigned: Callable[[set[Partition]], None] = lambda _partitions: None
        self._revoked: Callable[[], Any] = lambda: None

    async def start(
        self, assigned: Callable[[set[Partition]], None], revoked: Callable[[], Any]
    ) -> None:
        """Join the group."""
        self._broker.check_up()
        self._assigned, self._revoked = assigned, revoked
        self._broker.members(self._group).append(self)
        await self._broker.rebalance(self._group)

    async def receive(self, timeout: float) -> Mapping[Partition, Sequence[ReceivedRecord]]:
        """Return the next records of the partitions that are not paused."""
        received = self._take()
        if received or self._broker.down:
            await asyncio.sleep(0)
            return received
        self.wakeup.clear()
        try:
            async with asyncio.timeout(timeout):
                await self.wakeup.wait()
        except TimeoutError:
            return {}
        return self._take()

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this partition from an offset on."""
        self._positions[partition] = offset
        self.wakeup.set()

    def pause(self, partition: Partition) -> None:
        """Stop receiving this partition."""
        self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        """Receive this partition again."""
        self._paused.discard(partition)
        self.wakeup.set()

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Take the hint and do nothing with it."""
        self._broker.check_up()

    async def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """Return the offset after the last record of each partition."""
        self._broker.check_up()
        return {partition: self._broker.end(partition) for partition in partitions}

    async def is_member(self) -> bool:
        """Return whether this receiver is in the group."""
        self._broker.check_up()
        return self in self._broker.members(self._group)

    async def close(self) -> None:
        """Leave the group."""
        members = self._broker.members(self._group)
        if self in members:
            members.remove(self)
            self._positions.clear()
            await self._broker.rebalance(self._group)

    async def revoke(self) -> None:
        """Give every partition back."""
        result = self._revoked()
        if asyncio.iscoroutine(result):
            await result
        self._positions.clear()

    def assign(self, partitions: set[Partition]) -> None:
        """Be given partitions, paused."""
        self._paused = set(partitions)
        self._positions = dict.fromkeys(partitions, 0)
        self._assigned(partitions)

    def _take(self) -> dict[Partition, Sequence[ReceivedRecord]]:
        if self._broker.down:
            return {}
        received: dict[Partition, Sequence[ReceivedRecord]] = {}
        for partition, position in self._positions.items():
            if partition in self._paused:
                continue
            records = self._broker.read(partition, position)
            if records:
                received[partition] = records
                self._positions[partition] = records[-1].offset + 1
        return received
