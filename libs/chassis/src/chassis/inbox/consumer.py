"""The consumer: a member of a group that applies events exactly once and in each tenant's order.

The effect, the inbox, the next offset and the handler's own outbox rows are one transaction, and
the offset in the database is the truth. A poison event is parked (as a
dead letter) and halts its tenant alone.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence

import asyncpg
import structlog

from chassis.bus import (
    NOBODY,
    KafkaAccount,
    KafkaReceiver,
    Partition,
    Receiver,
    partition_of,
)
from chassis.database import is_transient
from chassis.inbox.attempts import Retries
from chassis.inbox.parked_store import NO_TENANT, Request, count_parked, find_requests
from chassis.inbox.parking import ParkingLimit
from chassis.inbox.partition import ConsumerContext, PartitionWorker
from chassis.inbox.read_ahead import ReadAheadBudget
from chassis.inbox.subscription import Subscription
from chassis.inbox.watchdog import Watchdog
from chassis.loops import beat
from chassis.observe import CONSUMER_LAG, PARKED_EVENTS
from chassis.outbox import OutboxSignal
from chassis.retry import every, retry

RECEIVE_TIMEOUT = 1.0
RELEASE_TIMEOUT = 3.0
HOUSEKEEPING_INTERVAL = 1.0
COMMIT_EVERY = 5
MIN_BACKOFF = 0.1
MAX_BACKOFF = 5.0

_log = structlog.get_logger(__name__)


class Consumer:
    """A loop that applies the events of its subscriptions."""

    def __init__(
        self,
        *,
        group: str,
        subscriptions: Sequence[Subscription],
        pool: asyncpg.Pool,
        bootstrap: str,
        account: KafkaAccount = NOBODY,
        gather_bytes: int = 1,
        signal: OutboxSignal | None = None,
        receiver: Callable[[], Receiver] | None = None,
        retries: Retries | None = None,
        limit: ParkingLimit | None = None,
        budget: ReadAheadBudget | None = None,
        stall_timeout: float = 60.0,
        watchdog_interval: float = 5.0,
    ) -> None:
        """Prepare.

        Args:
            group: Consumer group, and name of this reader in inbox and offsets.
            subscriptions: One for each topic.
            pool: The service's database; two or more connections.
            bootstrap: Kafka's bootstrap servers.
            account: Who the service is to them.
            gather_bytes: What is worth being woken for; less than that comes half a second late.
            signal: Notified after each commit, for the relay.
            receiver: Makes a receiver in place of Kafka's.
            retries: Attempts before an event is parked.
            limit: Newly halted tenants after which the process ends.
            budget: How much may be read ahead, in bytes.
            stall_timeout: Seconds without progress, or outside the group, after which it ends.
            watchdog_interval: Seconds between two looks of the watchdog.
        """
        self._subscriptions = {item.topic.name: item for item in subscriptions}
        self._pool = pool
        self._group = group
        topics = list(self._subscriptions)
        self._make_receiver = receiver or (
            lambda: KafkaReceiver(
                bootstrap, group=group, topics=topics, account=account, gather_bytes=gather_bytes
            )
        )
        self._signal = signal
        self._retries = retries or Retries()
        self._limit = limit or ParkingLimit()
        self._budget = budget or ReadAheadBudget()
        self._stall_timeout = stall_timeout
        self._watchdog_interval = watchdog_interval
        self._workers: dict[Partition, PartitionWorker] = {}
        self._tasks: dict[Partition, asyncio.Task[None]] = {}
        self._hinted: dict[Partition, int] = {}

    async def run(self) -> None:
        """Consume for ever.

        Raises:
            Stuck: Nothing moves any more, and a restart may help.
            TooManyParked: So much fails that the program itself must be at fault.
        """
        receiver = await retry(
            self._join,
            (OSError,),
            first=MIN_BACKOFF,
            limit=MAX_BACKOFF,
            failed=lambda error, pause: _log.warning(
                "consumer.join_failed", error=repr(error), retry_seconds=pause
            ),
        )
        context = self._context
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._receive(receiver))
                group.create_task(self._run_housekeeping(context))
                group.create_task(self._watch(receiver))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            await self._leave(receiver)

    async def _leave(self, receiver: Receiver) -> None:
        await self._end_work()
        self._tasks.clear()
        await receiver.close()

    async def _join(self) -> Receiver:
        receiver = self._make_receiver()
        self._context = ConsumerContext(
            group=self._group,
            owner=f"{socket.gethostname()}:{os.getpid()}",
            pool=self._pool,
            receiver=receiver,
            signal=self._signal,
            retries=self._retries,
            limit=self._limit,
            budget=self._budget,
        )
        try:
            await receiver.start(self._assigned, self._release_partitions)
        except BaseException:
            # Partitions may have been assigned before the start failed or was cancelled.
            await self._leave(receiver)
            raise
        return receiver

    def _assigned(self, partitions: set[Partition]) -> None:
        _log.info("partitions.assigned", group=self._group, partitions=len(partitions))
        for partition in partitions:
            worker = PartitionWorker(partition, self._subscriptions[partition.topic], self._context)
            self._workers[partition] = worker
            self._tasks[partition] = asyncio.create_task(worker.run())

    async def _release_partitions(self) -> None:
        """End all work at hand because the partitions go to others."""
        await self._end_work()
        self._raise_failures()
        self._tasks.clear()

    async def _end_work(self) -> None:
        """End all work at hand: soon by itself, else by force (the database fences it anyway)."""
        tasks = list(self._tasks.values())
        for partition, worker in self._workers.items():
            worker.stop()
            # Its next owner tells how far it is; the last value here would stay as lag for ever.
            CONSUMER_LAG.remove(partition.topic, str(partition.number))
        self._workers.clear()
        self._hinted.clear()
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=RELEASE_TIMEOUT)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=RELEASE_TIMEOUT)
        for task in tasks:
            # Looked at, so that asyncio does not complain about those behind the first.
            if task.done() and not task.cancelled():
                task.exception()

    async def _receive(self, receiver: Receiver) -> None:
        while True:
            beat()
            self._raise_failures()
            try:
                received = await receiver.receive(RECEIVE_TIMEOUT)
            except (OSError, TimeoutError) as error:
                _log.warning("consumer.receive_failed", error=repr(error))
                await asyncio.sleep(RECEIVE_TIMEOUT)
                continue
            for partition, records in received.items():
                worker = self._workers.get(partition)
                if worker is not None:
                    worker.push(records)

    def _raise_failures(self) -> None:
        for task in self._tasks.values():
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _run_housekeeping(self, context: ConsumerContext) -> None:
        """Hand operators' requests to their partitions, count what is parked, hint offsets."""
        async for number in every(HOUSEKEEPING_INTERVAL):
            try:
                async with self._pool.acquire() as connection:
                    requests = await find_requests(connection, self._group)  # type: ignore[arg-type]
                    if number % COMMIT_EVERY == 0:
                        await self._measure(connection)  # type: ignore[arg-type]
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("consumer.housekeeping_failed", error=type(error).__name__)
                continue
            for request in requests:
                if worker := self._workers.get(self._owner_of(request)):
                    worker.request(request)
            if number % COMMIT_EVERY == 0:
                await self._hint(context)

    def _owner_of(self, request: Request) -> Partition:
        """Return whose request it is: a tenant's parked records may stand where they do not belong.

        One worker alone deals with a tenant, or events would be taken out of their order.
        """
        subscription = self._subscriptions.get(request.partition.topic)
        if subscription is None or request.tenant_id == NO_TENANT:
            return request.partition
        topic = subscription.topic
        return Partition(topic.name, partition_of(request.tenant_id, topic.partitions))

    async def _measure(self, connection: asyncpg.Connection) -> None:
        parked = await count_parked(connection, self._group)
        for topic in self._subscriptions:
            PARKED_EVENTS.labels(topic).set(parked.get(topic, 0))

    async def _hint(self, context: ConsumerContext) -> None:
        """Tell Kafka how far the group is; tools read it, this consumer does not."""
        offsets = {
            partition: worker.next_offset
            for partition, worker in self._workers.items()
            if worker.next_offset is not None and self._hinted.get(partition) != worker.next_offset
        }
        if not offsets:
            return
        context.reach("consumer.before_hint")
        try:
            await context.receiver.commit(offsets)
        except (OSError, TimeoutError) as error:
            _log.info("consumer.hint_refused", error=repr(error))
            return
        context.reach("consumer.after_hint")
        self._hinted.update(offsets)

    async def _watch(self, receiver: Receiver) -> None:
        watchdog = Watchdog(
            receiver,
            # A restart mends no database: who waits for one is not stuck.
            lambda: {
                partition: worker.next_offset
                for partition, worker in self._workers.items()
                if not worker.in_outage
            },
            stall_timeout=self._stall_timeout,
        )
        async for _ in every(self._watchdog_interval):
            await watchdog.check()
