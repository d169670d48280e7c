"""One partition, worked off by the process that owns it: each tenant in order, tenants in turn.

Many records share a transaction; if that fails they go one by one, so that only the failing one is
retried and at last parked. Transient outages are retried without end.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog

from chassis.bus import Partition, ReceivedRecord, Receiver, fault_points, tenant_of
from chassis.database import transaction
from chassis.inbox.apply import Applied, Applier
from chassis.inbox.attempts import Attempts, Retries, Stopped
from chassis.inbox.errors import Fenced, TooManyParked
from chassis.inbox.offset_store import Inbox
from chassis.inbox.parked_store import ParkedEvent, ParkedStore, Request
from chassis.inbox.parking import Parking, ParkingLimit
from chassis.inbox.read_ahead import ReadAhead, ReadAheadBudget
from chassis.inbox.subscription import Subscription
from chassis.outbox import OutboxSignal

BATCH = 150
BATCH_BYTES = 4_000_000
RELEASED_AT_ONCE = 50
"""Parked events of one tenant between two batches."""
PASSED_OVER_SECONDS = 5.0
"""How often the offset is stored while records are only passed over."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ConsumerContext:
    """What all partitions of a consumer share."""

    group: str
    owner: str
    pool: asyncpg.Pool
    receiver: Receiver
    signal: OutboxSignal | None
    retries: Retries
    limit: ParkingLimit
    budget: ReadAheadBudget
    reach: Callable[[str], None] = field(default_factory=fault_points)


class PartitionWorker:
    """Applies one partition's records."""

    def __init__(
        self, partition: Partition, subscription: Subscription, context: ConsumerContext
    ) -> None:
        """Prepare; `run` claims the partition."""
        self.partition = partition
        self.next_offset: int | None = None
        """The first record that is not applied; None until the partition is claimed."""
        self._context = context
        self._numbered = subscription.topic.kind == "event"
        self._inbox = Inbox(context.group, partition, context.owner)
        parked = ParkedStore(context.group, partition, numbered=self._numbered)
        self._applier = Applier(subscription, self._inbox, parked)
        self._parking = Parking(
            pool=context.pool,
            inbox=self._inbox,
            parked=parked,
            applier=self._applier,
            limit=context.limit,
        )
        self._ahead = ReadAhead(context.budget)
        self._passes_over = subscription.passes_over
        self._passed_over = False
        """Records were passed over since the offset was last stored."""
        self._stored_at = time.monotonic()
        self._requests: deque[Request] = deque()
        self._releasing: OrderedDict[UUID, None] = OrderedDict()
        """Tenants of which parked events may wait no longer, the one whose turn it is first."""
        self._paused = False
        self._wakeup = asyncio.Event()
        self._stopping = asyncio.Event()
        self._attempts = Attempts(partition, context.pool, context.retries, self._stopping)

    @property
    def in_outage(self) -> bool:
        """Whether something that is needed is out of reach and waited for."""
        return self._attempts.in_outage

    def push(self, records: Sequence[ReceivedRecord]) -> None:
        """Take received records; asks for no more when too much waits."""
        if self._stopping.is_set():
            return
        self._check_offset(records)
        self._take(records)
        self._wakeup.set()
        if self._context.budget.is_spent(self._ahead.size) and not self._paused:
            self._paused = True
            self._context.receiver.pause(self.partition)

    def _take(self, records: Sequence[ReceivedRecord]) -> None:
        if self._passes_over is None:
            self._ahead.push(records)
            return
        for record in records:
            if self._passes_over(record):
                self._ahead.pass_over(record)
                self._passed_over = True
            else:
                self._ahead.push([record])

    def request(self, request: Request) -> None:
        """Take an operator's request."""
        if request not in self._requests:
            self._requests.append(request)
            self._wakeup.set()

    def stop(self) -> None:
        """End after the transaction at hand."""
        self._stopping.set()
        self._wakeup.set()

    async def run(self) -> None:
        """Claim the partition and work until stopped or fenced.

        Raises:
            TooManyParked: The program itself must be at fault.
        """
        try:
            await self._claim()
            while not self._stopping.is_set():
                await self._wakeup.wait()
                self._wakeup.clear()
                await self._work()
        except Fenced as error:
            _log.warning("partition.fenced", error=str(error), owner=self._context.owner)
        except Stopped:
            return
        finally:
            self._stopping.set()
            self._ahead.clear()

    async def _claim(self) -> None:
        async def claim() -> int:
            async with transaction(self._context.pool) as connection:
                return await self._inbox.claim(connection)

        self.next_offset = await self._attempts.through_outages(claim)
        for tenant_id in await self._attempts.through_outages(self._parking.waiting):
            self._releasing[tenant_id] = None
        self._wakeup.set()
        self._context.receiver.seek(self.partition, self.next_offset)
        self._context.receiver.resume(self.partition)

    async def _work(self) -> None:
        while self._has_work() and not self._stopping.is_set():
            while self._requests:
                await self._fulfil(self._requests.popleft())
            batch = self._ahead.take(records=BATCH, size=BATCH_BYTES)
            if self._paused and self._context.budget.allows(self._ahead.size):
                self._paused = False
                self._context.receiver.resume(self.partition)
            if batch:
                await self._apply(batch)
            if self._releasing:
                await self._release_some()
        if self._passed_over and not self._ahead and not self._stopping.is_set():
            await self._store_offset()

    def _has_work(self) -> bool:
        return bool(self._ahead or self._requests or self._releasing)

    async def _release_some(self) -> None:
        """Apply some of what waits no longer of one tenant: others, and new events, come between.

        After a gap of an hour thousands may wait, and each of them is a transaction of its own.
        """
        tenant_id, _ = self._releasing.popitem(last=False)
        for _ in range(RELEASED_AT_ONCE):
            event = await self._next_head(tenant_id, False, ())
            if event is None and self._numbered:
                event = await self._next_event(tenant_id, with_failed=False)
            if event is None:
                return
            await self._apply_parked(tenant_id, event)
        self._releasing[tenant_id] = None

    async def _store_offset(self) -> None:
        """Move the offset behind what was passed over, and store it now and then."""
        self.next_offset = self._ahead.first_offset()
        if time.monotonic() - self._stored_at < PASSED_OVER_SECONDS:
            # After a crash they are read and passed over again.
            return
        await self._attempts.through_outages(lambda: self._commit((), ()))

    async def _apply(self, batch: Sequence[ReceivedRecord]) -> None:
        if len(batch) > 1:
            try:
                await self._attempts.through_outages(lambda: self._commit(batch, ()), timeouts=1)
            except (Fenced, Stopped, TooManyParked):
                raise
            except Exception as error:
                # Whatever it is, it will show again when the records go one by one.
                _log.info("batch.split", records=len(batch), error=type(error).__name__)
            else:
                return
        for number, record in enumerate(batch, 1):
            await self._apply_one(record, batch[number:])

    async def _apply_one(self, record: ReceivedRecord, rest: Sequence[ReceivedRecord]) -> None:
        error, attempts = await self._attempts.a_few(lambda: self._commit([record], rest))
        if error is not None:
            next_offset = self._ahead.first_offset(rest)
            in_sequence = await self._attempts.through_outages(
                lambda: self._parking.park(record, error, attempts, next_offset)
            )
            self.next_offset = next_offset
            tenant_id = tenant_of(record)
            if self._numbered and in_sequence and tenant_id is not None:
                self._releasing[tenant_id] = None

    async def _commit(
        self, records: Sequence[ReceivedRecord], rest: Sequence[ReceivedRecord]
    ) -> None:
        """Apply records in one transaction; the rest of their batch is still to be applied."""
        next_offset = self._ahead.first_offset(rest)
        async with transaction(self._context.pool) as connection:
            applied = await self._applier.apply(connection, records, next_offset)
            self._context.reach("consumer.before_commit")
        self._context.reach("consumer.after_commit")
        self._passed_over, self._stored_at = False, time.monotonic()
        if next_offset <= max((record.offset for record in records), default=-1):
            self._context.reach("consumer.applied_ahead")
        await self._committed(applied, next_offset)

    async def _committed(self, applied: Applied, next_offset: int) -> None:
        self.next_offset = next_offset
        if applied.handled and self._context.signal is not None:
            self._context.signal.notify()
        if self._numbered:
            for tenant_id in applied.with_parked:
                self._releasing[tenant_id] = None

    async def _redrive(self, tenant_id: UUID) -> None:
        """Try whatever is parked of a tenant, in the order of the sequence."""
        skipped: list[str] = []
        while event := await self._next_head(tenant_id, True, skipped):
            self._attempts.stop_if_asked()
            if not await self._apply_parked(tenant_id, event) and event.subject is not None:
                skipped.append(event.subject)
        first = await self._next_event(tenant_id, with_failed=True)
        if first is not None:
            await self._apply_parked(tenant_id, first)
        self._releasing[tenant_id] = None

    async def _redrive_unnumbered(self, tenant_id: UUID, with_conflicts: bool) -> None:
        """Try what is parked outside a tenant's sequence, in the order in which it came."""
        after = 0
        while event := await self._next_unnumbered(tenant_id, after, with_conflicts):
            self._attempts.stop_if_asked()
            await self._apply_parked(tenant_id, event)
            after = event.id

    async def _next_unnumbered(
        self, tenant_id: UUID, after: int, with_conflicts: bool
    ) -> ParkedEvent | None:
        return await self._attempts.through_outages(
            lambda: self._parking.next_unnumbered(tenant_id, after, with_conflicts=with_conflicts)
        )

    async def _next_event(self, tenant_id: UUID, *, with_failed: bool) -> ParkedEvent | None:
        return await self._attempts.through_outages(
            lambda: self._parking.next_event(tenant_id, with_failed=with_failed)
        )

    async def _next_head(
        self, tenant_id: UUID, with_failed: bool, skipped: Collection[str]
    ) -> ParkedEvent | None:
        return await self._attempts.through_outages(
            lambda: self._parking.next_head(tenant_id, with_failed=with_failed, skipped=skipped)
        )

    async def _apply_parked(self, tenant_id: UUID, event: ParkedEvent) -> bool:
        error, attempts = await self._attempts.a_few(lambda: self._parking.apply(tenant_id, event))
        if error is not None:
            await self._attempts.through_outages(
                lambda: self._parking.fail(tenant_id, event, error, attempts)
            )
            return False
        if self._context.signal is not None:
            self._context.signal.notify()
        _log.info(
            "event.unparked",
            topic=self.partition.topic,
            tenant_id=str(tenant_id),
            sequence=event.sequence,
        )
        return True

    async def _fulfil(self, request: Request) -> None:
        """Do what an operator has requested."""
        tenant_id = request.tenant_id
        if request.action == "skip":
            await self._attempts.through_outages(lambda: self._parking.skip(request))
            self._releasing[tenant_id] = None
            return
        if not await self._attempts.through_outages(lambda: self._parking.begin_redrive(request)):
            return
        await self._redrive_unnumbered(tenant_id, request.action == "redrive-conflicts")
        if self._numbered:
            await self._redrive(tenant_id)
        await self._attempts.through_outages(lambda: self._parking.end_redrive(request))

    def _check_offset(self, records: Sequence[ReceivedRecord]) -> None:
        """Say so if reading has gone back: the record asked for was not in the log."""
        if self.next_offset is not None and records and records[0].offset < self.next_offset:
            _log.error(
                "offset.out_of_range",
                topic=self.partition.topic,
                partition=self.partition.number,
                expected=self.next_offset,
                found=records[0].offset,
            )
