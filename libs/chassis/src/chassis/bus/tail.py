"""Reads topics from some time ago on, in no group: every reader sees every record."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.bus.account import NOBODY, KafkaAccount
from chassis.bus.broker import Partition, ReceivedRecord
from chassis.bus.kafka import (
    CALL_TIMEOUT,
    CLOSE_TIMEOUT,
    LARGEST_RECORD,
    RECORDS_AT_ONCE,
    REQUEST_TIMEOUT_MS,
    call,
)
from contracts.topics import Topic

FETCH_WAIT_MS = 100
"""How long the broker keeps a request that finds nothing. What comes meanwhile in a partition that
is not part of that request waits as long, and partitions whose records are being read are not."""


class KafkaTail:
    """Follows all partitions of some topics."""

    def __init__(
        self, bootstrap: str, topics: Sequence[Topic], account: KafkaAccount = NOBODY
    ) -> None:
        """Prepare; `start` connects."""
        self._partitions = [
            Partition(topic.name, number) for topic in topics for number in range(topic.partitions)
        ]
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=None,
            enable_auto_commit=False,
            # What was to be read and is no longer there must not be passed over in silence.
            auto_offset_reset="none",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            max_partition_fetch_bytes=LARGEST_RECORD // 8,
            **account.options(),
        )
        self.next: dict[Partition, int] = {}
        """The offset that is read next, of each partition."""

    async def start(self, since: datetime) -> None:
        """Connect and begin with what was written since a moment, or raise OSError."""
        await call(self._consumer.start(), CALL_TIMEOUT)
        partitions = [TopicPartition(*each) for each in self._partitions]
        self._consumer.assign(partitions)
        milliseconds = int(since.timestamp() * 1_000)
        # The ends come first: what is written in between is read, not passed over.
        ends = await self.ends()
        found = await call(
            self._consumer.offsets_for_times(dict.fromkeys(partitions, milliseconds)), CALL_TIMEOUT
        )
        for partition, there in zip(partitions, self._partitions, strict=True):
            at = found.get(partition)
            self.next[there] = ends[there] if at is None else at.offset
            self._consumer.seek(partition, self.next[there])

    async def receive(self, timeout: float) -> list[ReceivedRecord]:
        """Return the next records, in order in each partition, or nothing after some seconds."""
        polled = await call(
            self._consumer.getmany(timeout_ms=int(timeout * 1_000), max_records=RECORDS_AT_ONCE),
            timeout + CALL_TIMEOUT,
        )
        found = [
            ReceivedRecord(Partition(*key), record.offset, record.key, record.value, record.headers)
            for key, records in polled.items()
            for record in records
        ]
        for record in found:
            self.next[record.partition] = record.offset + 1
        return found

    async def ends(self) -> Mapping[Partition, int]:
        """Return the offset after the last record of each partition, or raise OSError."""
        partitions = [TopicPartition(*each) for each in self._partitions]
        ends = await call(self._consumer.end_offsets(partitions), CALL_TIMEOUT)
        return {Partition(*key): offset for key, offset in ends.items()}

    async def close(self) -> None:
        """Disconnect within a bounded time."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._consumer.stop()
