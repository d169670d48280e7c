"""One partition, worked off in order by the process that owns it.

Many records share a transaction; if that fails they go one by one, so that only the one at fault is
retried and at last parked. What the world is at fault for is retried for ever.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import asyncpg
import structlog

from chassis.bus import Incoming, Partition, Receiver, Undecodable, fault_points
from chassis.database import is_transient, transaction
from chassis.inbox.apply import Applied, Applier
from chassis.inbox.errors import Fenced, TooManyParked
from chassis.inbox.offset_store import Inbox
from chassis.inbox.parked_store import Parked, ParkedEvent, Request
from chassis.inbox.parking import Parking, ParkingLimit
from chassis.inbox.subscription import Rejected, Subscription
from chassis.outbox import OutboxSignal

BATCH = 250
QUEUE_FULL = 2_000
QUEUE_LOW = 500
MAX_REST = 5.0

_T = TypeVar("_T")

_log = structlog.get_logger(__name__)


class Stopped(Exception):
    """The partition is being given back."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often an event is tried before it is parked, and the first pause between."""

    attempts: int = 5
    pause: float = 0.1


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all partitions of a consumer share."""

    group: str
    owner: str
    pool: asyncpg.Pool
    receiver: Receiver
    signal: OutboxSignal | None
    retries: Retries
    limit: ParkingLimit
    reach: Callable[[str], None] = field(default_factory=fault_points)


class PartitionWorker:
    """Applies one partition's records."""

    def __init__(
        self, partition: Partition, subscription: Subscription, around: Surroundings
    ) -> None:
        """Prepare; `run` claims the partition."""
        self.partition = partition
        self.next_offset: int | None = None
        """What will be read next; None until the partition is claimed."""
        self.held_up = False
        """The world is in the way, the database most likely; it is tried again and again."""
        self._around = around
        self._numbered = subscription.topic.kind == "event"
        self._inbox = Inbox(around.group, partition, around.owner)
        parked = Parked(around.group, partition, numbered=self._numbered)
        self._applier = Applier(subscription, self._inbox, parked)
        self._parking = Parking(
            pool=around.pool,
            inbox=self._inbox,
            parked=parked,
            applier=self._applier,
            limit=around.limit,
        )
        self._queue: deque[Incoming] = deque()
        self._requests: deque[Request] = deque()
        self._paused = False
        self._news = asyncio.Event()
        self._stopping = asyncio.Event()

    def push(self, records: Sequence[Incoming]) -> None:
        """Take received records; asks for no more when many wait."""
        self._queue.extend(records)
        self._news.set()
        if len(self._queue) > QUEUE_FULL and not self._paused:
            self._paused = True
            self._around.receiver.pause(self.partition)

    def request(self, request: Request) -> None:
        """Take an operator's request."""
        if request not in self._requests:
            self._requests.append(request)
            self._news.set()

    def stop(self) -> None:
        """End after the transaction at hand."""
        self._stopping.set()
        self._news.set()

    async def run(self) -> None:
        """Claim the partition and work until stopped or fenced.

        Raises:
            TooManyParked: The program itself must be at fault.
        """
        try:
            await self._claim()
            while not self._stopping.is_set():
                await self._news.wait()
                self._news.clear()
                await self._work()
        except Fenced as error:
            _log.warning("partition.fenced", error=str(error), owner=self._around.owner)
        except Stopped:
            return

    async def _claim(self) -> None:
        async def claim() -> int:
            async with transaction(self._around.pool) as connection:
                return await self._inbox.claim(connection)

        self.next_offset = await self._insist(claim)
        for tenant_id in await self._insist(self._parking.ready):
            await self._let_go(tenant_id)
        self._around.receiver.seek(self.partition, self.next_offset)
        self._around.receiver.resume(self.partition)

    async def _work(self) -> None:
        while (self._queue or self._requests) and not self._stopping.is_set():
            while self._requests:
                await self._do(self._requests.popleft())
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            if self._paused and len(self._queue) < QUEUE_LOW:
                self._paused = False
                self._around.receiver.resume(self.partition)
            if batch:
                await self._apply(batch)

    async def _apply(self, batch: Sequence[Incoming]) -> None:
        self._check_offset(batch[0])
        if len(batch) > 1:
            try:
                await self._insist(lambda: self._commit(batch))
            except (Fenced, Stopped, TooManyParked):
                raise
            except Exception as error:
                # Whatever it is, it will show again when the records go one by one.
                _log.info("batch.split", records=len(batch), error=type(error).__name__)
            else:
                return
        for record in batch:
            await self._apply_one(record)

    async def _apply_one(self, record: Incoming) -> None:
        error, attempts = await self._try(lambda: self._commit([record]))
        if error is not None:
            await self._insist(lambda: self._parking.park(record, error, attempts))
            self.next_offset = record.offset + 1

    async def _commit(self, records: Sequence[Incoming]) -> None:
        next_offset = records[-1].offset + 1
        async with transaction(self._around.pool) as connection:
            applied = await self._applier.apply(connection, records, next_offset)
            self._around.reach("consumer.before_commit")
        self._around.reach("consumer.after_commit")
        await self._committed(applied, next_offset)

    async def _committed(self, applied: Applied, next_offset: int) -> None:
        self.next_offset = next_offset
        if applied.handled and self._around.signal is not None:
            self._around.signal.poke()
        if self._numbered:
            for tenant_id in applied.troubled:
                await self._let_go(tenant_id)

    async def _let_go(self, tenant_id: UUID) -> None:
        """Apply the tenant's waiting events as far as they follow one another."""
        while event := await self._next_parked(tenant_id, halted=False):
            if not await self._apply_parked(tenant_id, event):
                return

    async def _next_parked(self, tenant_id: UUID, *, halted: bool) -> ParkedEvent | None:
        return await self._insist(lambda: self._parking.next_event(tenant_id, halted=halted))

    async def _apply_parked(self, tenant_id: UUID, event: ParkedEvent) -> bool:
        error, attempts = await self._try(lambda: self._parking.apply(tenant_id, event))
        if error is not None:
            await self._insist(lambda: self._parking.fail(tenant_id, event, error, attempts))
            return False
        if self._around.signal is not None:
            self._around.signal.poke()
        _log.info(
            "event.unparked",
            topic=self.partition.topic,
            tenant_id=str(tenant_id),
            sequence=event.sequence,
        )
        return True

    async def _do(self, request: Request) -> None:
        """Do what an operator asks for."""
        tenant_id = request.tenant_id
        if request.action == "skip":
            await self._insist(lambda: self._parking.skip(request))
            await self._let_go(tenant_id)
            return
        if not await self._insist(lambda: self._parking.begin_redrive(request)):
            return
        for event in await self._insist(lambda: self._parking.unnumbered_events(tenant_id)):
            await self._apply_parked(tenant_id, event)
        if self._numbered:
            first = await self._next_parked(tenant_id, halted=True)
            if first is None or await self._apply_parked(tenant_id, first):
                await self._let_go(tenant_id)
        await self._insist(lambda: self._parking.end_redrive(request))

    async def _try(self, work: Callable[[], Awaitable[None]]) -> tuple[Exception | None, int]:
        """Do the work; return the error that remains after all attempts, and their number."""
        pause = self._around.retries.pause
        for attempt in range(1, self._around.retries.attempts + 1):
            try:
                await self._insist(work)
            except (Fenced, Stopped, TooManyParked):
                raise
            except (Undecodable, Rejected) as error:
                return error, attempt
            except Exception as error:
                if attempt == self._around.retries.attempts:
                    return error, attempt
                await self._rest(pause)
                pause = min(pause * 2, MAX_REST)
            else:
                return None, attempt
        raise AssertionError("there is at least one attempt")

    async def _insist(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Do the work, however often the world gets in its way."""
        pause = self._around.retries.pause
        while True:
            try:
                done = await work()
            except Exception as error:
                if not is_transient(error):
                    raise
                self.held_up = True
                _log.warning(
                    "partition.held_up",
                    topic=self.partition.topic,
                    partition=self.partition.number,
                    error=type(error).__name__,
                    retry_seconds=pause,
                )
                await self._rest(pause)
                pause = min(pause * 2, MAX_REST)
            else:
                self.held_up = False
                return done

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        if self._stopping.is_set():
            raise Stopped

    def _check_offset(self, record: Incoming) -> None:
        if self.next_offset is not None and record.offset < self.next_offset:
            _log.error(
                "offset.out_of_range",
                topic=self.partition.topic,
                partition=self.partition.number,
                expected=self.next_offset,
                found=record.offset,
            )
