"""A bus to test on: two databases, a broker (Kafka or the one in memory), a relay and consumers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from chassis.bus import (
    KafkaReceiver,
    KafkaSender,
    OutgoingRecord,
    Partition,
    Receiver,
    Sender,
    encode_headers,
    partition_of,
    record_key,
)
from chassis.clock import SystemClock
from chassis.database import create_pool, transaction
from chassis.ids import uuid7
from chassis.inbox import BatchHandlers, Consumer, Handler, Handlers, Subscription
from chassis.inbox.attempts import Retries
from chassis.inbox.parking import ParkingLimit
from chassis.inbox.subscription import PassesOver
from chassis.outbox import OutboxRecord, OutboxSignal, Relay, enqueue, outbox_record
from chassis.testing import LocalBroker
from contracts.directory import DirectoryUser
from contracts.event import Event
from contracts.scim import ScimUserDeleted
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS, TOPICS, Topic
from support.databases import DatabaseFactory

EFFECTS = """
    CREATE TABLE effects (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid NOT NULL, topic text NOT NULL,
        sequence bigint, subject text NOT NULL, version bigint, event_id uuid NOT NULL, name text,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""  # noqa: E501

INSERT_EFFECT = """
    INSERT INTO effects (tenant_id, topic, sequence, subject, version, event_id, name)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


class KafkaBroker:
    """Kafka with the face of LocalBroker."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def sender(self) -> Sender:
        """Return a new sender."""
        return KafkaSender(self.bootstrap)

    def receiver(self, group: str, topics: Sequence[str]) -> Receiver:
        """Return a new receiver."""
        return KafkaReceiver(self.bootstrap, group=group, topics=topics)


Broker = KafkaBroker | LocalBroker


@dataclass
class Bus:
    """A producing service, a broker and a consuming service."""

    broker: Broker
    producer: asyncpg.Pool
    consumer: asyncpg.Pool
    producer_dsn: str
    consumer_dsn: str
    group: str = field(default_factory=lambda: f"test-{uuid7().hex}")
    signal: OutboxSignal = field(default_factory=OutboxSignal)

    async def commit(self, *records: OutboxRecord) -> None:
        """Commit events to the outbox, each by itself, and wake the relay."""
        for record in records:
            async with transaction(self.producer) as connection:
                await enqueue(connection, [record])
        self.signal.notify()

    def relay(self, **options: Any) -> Relay:
        """Make a relay of the producing service."""
        return Relay(
            dsn=self.producer_dsn,
            bootstrap="",
            source="/services/scim",
            signal=self.signal,
            **{"sender": self.broker.sender, "poll": 0.2, **options},
        )

    def reader(
        self,
        handler: Handler | None = None,
        *,
        topics: Sequence[Topic] = (SCIM_EVENTS,),
        batch: BatchHandlers | None = None,
        passes_over: PassesOver | None = None,
        **options: Any,
    ) -> Consumer:
        """Make a consumer that writes each event into `effects`, or gives it to the handler."""
        return Consumer(
            group=self.group,
            subscriptions=[
                Subscription(
                    topic,
                    {
                        "scim.user.deleted.v1": handler or record_effect,
                        "directory.user.state.v1": handler or record_effect,
                    },
                    ignored=frozenset({"scim.group.created.v1"}),
                    batch=batch,
                    passes_over=passes_over,
                )
                for topic in topics
            ],
            pool=self.consumer,
            bootstrap="",
            receiver=lambda: self.broker.receiver(self.group, [topic.name for topic in topics]),
            **{
                "retries": Retries(attempts=2, pause=0.01),
                # Other tests put poison on the same topics.
                "limit": ParkingLimit(tenants=1_000),
                **options,
            },
        )

    async def begin_at_end(self, *topics: Topic) -> None:
        """Let the group read only what is sent from now on: other tests use the same topics."""
        receiver = self.broker.receiver(f"ends-{self.group}", [topic.name for topic in topics])
        await receiver.start(lambda _: None, lambda: None)
        partitions = [Partition(t.name, number) for t in topics for number in range(t.partitions)]
        ends = await receiver.ends(partitions)
        await receiver.close()
        await self.consumer.executemany(
            "INSERT INTO consumer_offsets (consumer_group, topic, partition, next_offset, owner) "
            "VALUES ($1, $2, $3, $4, 'test')",
            [(self.group, *partition, end) for partition, end in ends.items()],
        )

    async def send(self, *records: OutgoingRecord) -> None:
        """Write records straight into the log, past any outbox."""
        sender = self.broker.sender()
        await sender.start()
        assert await sender.send(records) == [None] * len(records)
        await sender.close()

    async def effects(self, tenant_id: UUID) -> list[int]:
        """Return the tenant's applied sequences in the order of their application."""
        rows = await self.consumer.fetch(
            "SELECT sequence FROM effects WHERE tenant_id = $1 ORDER BY position", tenant_id
        )
        return [row["sequence"] for row in rows]

    async def parked(self, tenant_id: UUID) -> list[tuple[int | None, str]]:
        """Return sequence and reason of the tenant's parked events."""
        rows = await self.consumer.fetch(
            "SELECT sequence, reason FROM parked_events WHERE tenant_id = $1 ORDER BY id",
            tenant_id,
        )
        return [(row["sequence"], row["reason"]) for row in rows]


async def record_effect(event: Event, connection: asyncpg.Connection) -> None:
    """Write the event into `effects`, without any protection against doing so twice."""
    await connection.execute(INSERT_EFFECT, *_effect(event))


@asynccontextmanager
async def record_effects(
    events: Sequence[Event], connection: asyncpg.Connection
) -> AsyncIterator[Handlers]:
    """Write what the handlers of a batch got into `effects` when all of it is there."""
    handled: list[Event] = []

    async def handle(event: Event, _connection: asyncpg.Connection) -> None:
        handled.append(event)

    yield {event.type: handle for event in events}
    await connection.executemany(INSERT_EFFECT, [_effect(event) for event in handled])


def _effect(event: Event) -> tuple[object, ...]:
    name = getattr(event.data, "user_name", None)
    identity = (event.tenant_id, "", event.sequence, event.subject, event.version, event.id)
    return (*identity, name)


@asynccontextmanager
async def running(*loops: Callable[[], Awaitable[None]]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run loops while a block runs; what they raise is for the test to ask for."""
    tasks = [asyncio.ensure_future(loop()) for loop in loops]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            try:
                await task
            except asyncio.CancelledError:
                pass
            except Exception as error:
                # Seen where a test fails because its loop had died.
                print(f"{getattr(task.get_coro(), '__qualname__', task)} ended with {error!r}")


@asynccontextmanager
async def open_bus(broker: Broker, database: DatabaseFactory) -> AsyncIterator[Bus]:
    """Make both databases and their pools."""
    async with AsyncExitStack() as stack:
        dsns = [await database("chassis"), await database("chassis")]
        pools = [await create_pool(dsn, size=4) for dsn in dsns]
        for pool in pools:
            stack.push_async_callback(_close, pool)
        await pools[1].execute(EFFECTS)
        bus = Bus(broker, pools[0], pools[1], dsns[0], dsns[1])
        await bus.begin_at_end(*TOPICS.values())
        yield bus


async def _close(pool: asyncpg.Pool) -> None:
    """Close a pool, also when a stopped loop has left a connection out."""
    try:
        async with asyncio.timeout(5):
            await pool.close()
    except TimeoutError:
        pool.terminate()


def user_deleted(
    tenant_id: UUID, name: str = "ada", *, user_id: UUID | None = None
) -> OutboxRecord:
    """Make a small event for the outbox, of a new user unless one is given."""
    user_id = user_id or uuid7()
    return outbox_record(
        "scim.user.deleted.v1",
        tenant_id=tenant_id,
        subject=str(user_id),
        data=ScimUserDeleted(user_id=user_id, user_name=name),
        now=SystemClock().now(),
    )


def user_state(
    tenant_id: UUID, user_id: UUID, version: int, *, deleted: bool = False
) -> OutboxRecord:
    """Make a state of a user for the outbox."""
    return outbox_record(
        "directory.user.state.v1",
        tenant_id=tenant_id,
        subject=str(user_id),
        data=None
        if deleted
        else DirectoryUser(
            user_id=user_id,
            version=version,
            user_name=f"v{version}",
            status="active",
            origin="scim",
        ),
        now=SystemClock().now(),
        version=version,
    )


def raw(record: OutboxRecord, sequence: int, **changes: Any) -> OutgoingRecord:
    """Make the log's record of an event; `changes` replaces headers, the key or the value."""
    topic = TOPICS[record.topic]
    event = Event(
        id=record.event_id,
        type=record.type,
        source="/services/scim",
        subject=record.subject,
        time=record.occurred_at,
        tenant_id=record.tenant_id,
        data=None,
        sequence=sequence,
        version=record.version,
    )
    headers = dict(encode_headers(event))
    headers.update(changes.get("headers", {}))
    return OutgoingRecord(
        Partition(topic.name, partition_of(record.tenant_id, topic.partitions)),
        changes.get("key", record_key(topic, record.tenant_id, record.subject)),
        changes.get("value", record.data),
        list(headers.items()),
    )


__all__ = ["DIRECTORY_USERS", "SCIM_EVENTS", "Bus", "KafkaBroker", "open_bus", "raw", "running"]
