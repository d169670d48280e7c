"""A consumer that nobody waits for is woken for many records at once, and for few in time."""

import asyncio
import time

from chassis.bus import KafkaSender, OutgoingRecord, Partition, ReceivedRecord
from chassis.bus.kafka import KafkaReceiver
from chassis.bus.topics import create_topics
from chassis.ids import uuid7
from contracts.topics import Topic

RECORDS = 100
BROKER_WAITS = 0.5


async def test_records_that_come_one_by_one_are_received_together(kafka: str) -> None:
    topic = Topic(f"gather-{uuid7().hex}", "event", "test", "", 1)
    await create_topics(kafka, [topic], replication=1)
    partition = Partition(topic.name, 0)
    receiver = KafkaReceiver(kafka, group=topic.name, topics=[topic.name], gather_bytes=1_000_000)

    def assigned(partitions: set[Partition]) -> None:
        for each in partitions:
            receiver.seek(each, 0)
            receiver.resume(each)

    try:
        await receiver.start(assigned, lambda: None)
        begun = time.monotonic()
        sending = asyncio.create_task(_send_one_by_one(kafka, partition))
        batches: list[int] = []
        async with asyncio.timeout(20):
            while sum(batches) < RECORDS:
                received: list[ReceivedRecord] = [*(await receiver.receive(1.0)).get(partition, ())]
                batches += [len(received)] if received else []
        await sending
    finally:
        await receiver.close()
    # Those that lie there when the partition is resumed, and one answer for each wait.
    assert len(batches) <= 2 + (time.monotonic() - begun) / BROKER_WAITS


async def _send_one_by_one(kafka: str, partition: Partition) -> None:
    sender = KafkaSender(kafka)
    await sender.start()
    try:
        for number in range(RECORDS):
            assert await sender.send([OutgoingRecord(partition, b"key", b"%d" % number, [])]) == [
                None
            ]
    finally:
        await sender.close()
