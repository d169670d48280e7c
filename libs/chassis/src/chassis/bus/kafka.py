"""Apache Kafka behind the ports of `chassis.bus.broker`, by aiokafka.

The producer is idempotent, but after a failure aiokafka neither rolls its sequence back nor bumps
its epoch (aiokafka 1017), so a sender that failed is never used again.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient

from chassis.bus.account import NOBODY, KafkaAccount
from chassis.bus.broker import OutgoingRecord, Partition, ReceivedRecord, SendError
from chassis.ids import uuid7

SEND_TIMEOUT = 20.0
CLOSE_TIMEOUT = 5.0
CALL_TIMEOUT = 10.0
REQUEST_TIMEOUT_MS = 15_000
LARGEST_RECORD = 16_000_000
RECORDS_AT_ONCE = 250
"""Reading records is plain Python: after so many, others get their turn of the event loop."""

_PERMANENT = (
    kafka.MessageSizeTooLargeError,
    kafka.RecordListTooLargeError,
    kafka.InvalidMessageError,
)


class KafkaSender:
    """An idempotent producer that waits for every acknowledgement."""

    def __init__(self, bootstrap: str, account: KafkaAccount = NOBODY) -> None:
        """Prepare; `start` connects."""
        self._bootstrap = bootstrap
        self._account = account
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect, or raise OSError."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=256_000,
            # The broker's limit for the topic decides, not the client's.
            max_request_size=LARGEST_RECORD,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            **self._account.options(),
        )
        self._producer = producer
        await call(producer.start(), CALL_TIMEOUT)

    async def send(self, records: Sequence[OutgoingRecord]) -> list[SendError | None]:
        """Write records and return each one's outcome, in order."""
        assert self._producer is not None  # noqa: S101 - start comes first
        promises: list[asyncio.Future[Any]] = []
        failure: SendError | None = None
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                for record in records:
                    promises.append(
                        await self._producer.send(
                            record.partition.topic,
                            value=record.value,
                            key=record.key,
                            partition=record.partition.number,
                            headers=record.headers,
                        )
                    )
        except (kafka.KafkaError, AssertionError, TimeoutError) as error:
            failure = _send_error(error)
        if promises:
            await asyncio.wait(promises, timeout=SEND_TIMEOUT)
        outcomes = [_outcome(promise) for promise in promises]
        if failure is None:
            return outcomes
        never = SendError("not sent after a failure", permanent=False)
        return [*outcomes, failure, *[never] * (len(records) - len(outcomes) - 1)]

    async def close(self) -> None:
        """Disconnect within a bounded time; nothing is written afterwards."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await producer.stop()
                return
        # stop() was still waiting for acknowledgements. It has no way to give up, its parts have.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                if producer._sender is not None:
                    await producer._sender.close()
                await producer.client.close()


class KafkaReceiver:
    """A member of a consumer group that begins where it is told to."""

    def __init__(
        self,
        bootstrap: str,
        *,
        group: str,
        topics: Sequence[str],
        session_timeout_ms: int = 10_000,
        account: KafkaAccount = NOBODY,
        gather_bytes: int = 1,
    ) -> None:
        """Prepare; `start` joins the group.

        With more than one byte to gather the broker keeps records back until there are so many
        bytes of them, for half a second at most.
        """
        self._gather_bytes = gather_bytes
        self._account = account
        self._session_timeout_ms = session_timeout_ms
        self._bootstrap = bootstrap
        self._group = group
        self._topics = topics
        # Unique for each member, so that the broker can be asked for exactly this one.
        self._client_id = f"{group}-{uuid7().hex}"
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None

    async def start(
        self, assigned: Callable[[set[Partition]], None], revoked: Callable[[], Any]
    ) -> None:
        """Join the group."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            client_id=self._client_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_min_bytes=self._gather_bytes,
            fetch_max_wait_ms=500,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            session_timeout_ms=self._session_timeout_ms,
            heartbeat_interval_ms=2_000,
            max_partition_fetch_bytes=LARGEST_RECORD // 8,
            **self._account.options(),
        )
        self._consumer.subscribe(
            self._topics, listener=_Listener(self._consumer, assigned, revoked)
        )
        await call(self._consumer.start(), 3 * CALL_TIMEOUT)

    async def receive(self, timeout: float) -> Mapping[Partition, Sequence[ReceivedRecord]]:
        """Return the next records of the partitions that are not paused."""
        polled = await call(
            self._joined.getmany(timeout_ms=int(timeout * 1000), max_records=RECORDS_AT_ONCE),
            timeout + CALL_TIMEOUT,
        )
        return {
            (partition := Partition(*key)): [
                ReceivedRecord(partition, record.offset, record.key, record.value, record.headers)
                for record in records
            ]
            for key, records in polled.items()
        }

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this partition from an offset on."""
        self._joined.seek(TopicPartition(*partition), offset)

    def pause(self, partition: Partition) -> None:
        """Stop receiving this partition."""
        self._joined.pause(TopicPartition(*partition))

    def resume(self, partition: Partition) -> None:
        """Receive this partition again."""
        self._joined.resume(TopicPartition(*partition))

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Tell the broker how far the group is."""
        await call(
            self._joined.commit(
                {TopicPartition(*partition): offset for partition, offset in offsets.items()}
            ),
            CALL_TIMEOUT,
        )

    async def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        """Return the offset after the last record of each partition."""
        ends = await call(
            self._joined.end_offsets([TopicPartition(*partition) for partition in partitions]),
            CALL_TIMEOUT,
        )
        return {Partition(*key): offset for key, offset in ends.items()}

    async def is_member(self) -> bool:
        """Ask the broker, over a connection of its own, whether this receiver is in the group."""
        if self._admin is None:
            admin = AIOKafkaAdminClient(
                bootstrap_servers=self._bootstrap,
                request_timeout_ms=REQUEST_TIMEOUT_MS,
                **self._account.options(),
            )
            await call(admin.start(), CALL_TIMEOUT)
            self._admin = admin
        answers = await call(self._admin.describe_consumer_groups([self._group]), CALL_TIMEOUT)
        members = [member for answer in answers for group in answer.groups for member in group[5]]
        return any(member[1] == self._client_id for member in members)

    async def close(self) -> None:
        """Leave the group within a bounded time."""
        consumer, admin = self._consumer, self._admin
        self._consumer = self._admin = None
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                if consumer is not None:
                    await consumer.stop()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                if admin is not None:
                    await admin.close()

    @property
    def _joined(self) -> AIOKafkaConsumer:
        assert self._consumer is not None  # noqa: S101 - start comes first
        return self._consumer


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes assignments on. Claiming is the consumer's task: a slow listener loses membership."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        assigned: Callable[[set[Partition]], None],
        revoked: Callable[[], Any],
    ) -> None:
        self._consumer = consumer
        self._assigned = assigned
        self._revoked = revoked

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        result = self._revoked()
        if asyncio.iscoroutine(result):
            await result

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._consumer.pause(*assigned)
        self._assigned({Partition(*each) for each in assigned})


async def call(work: Any, timeout: float) -> Any:
    """Await a call of aiokafka, bounded in time; its errors become OSError."""
    try:
        async with asyncio.timeout(timeout):
            return await work
    except kafka.KafkaError as error:
        raise ConnectionError(repr(error)) from error


def _outcome(promise: asyncio.Future[Any]) -> SendError | None:
    if not promise.done():
        return SendError("no acknowledgement in time", permanent=False)
    if promise.cancelled():
        return SendError("the sender was closed", permanent=False)
    error = promise.exception()
    return None if error is None else _send_error(error)


def _send_error(error: BaseException) -> SendError:
    return SendError(repr(error), permanent=isinstance(error, _PERMANENT))
