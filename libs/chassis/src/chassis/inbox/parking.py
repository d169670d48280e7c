"""Parks what fails (dead letters), applies what waited behind it, and fulfils operators' requests.

All of it happens in transactions fenced by the inbox, event by event and in each tenant's order.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from chassis.bus import ReceivedRecord, Undecodable, event_id_of, sequence_of, tenant_of
from chassis.database import transaction
from chassis.inbox.apply import Applier
from chassis.inbox.errors import Refused, SequenceConflict, TooManyParked, is_rejection
from chassis.inbox.offset_store import Inbox
from chassis.inbox.parked_store import (
    CONFLICT,
    FAILED,
    NO_TENANT,
    REJECTED,
    UNDECODABLE,
    WAITING,
    ParkedEvent,
    ParkedStore,
    Request,
)
from chassis.inbox.plausible import check_sequence
from chassis.observe import REFUSED_EVENTS
from kernel.errors import DomainError

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ParkingLimit:
    """How many tenants may come to a halt within a time before the program itself is suspect."""

    tenants: int = 20
    window: timedelta = timedelta(minutes=10)


class Parking:
    """The parked events of one partition, as its owner handles them."""

    def __init__(
        self,
        *,
        pool: asyncpg.Pool,
        inbox: Inbox,
        parked: ParkedStore,
        applier: Applier,
        limit: ParkingLimit,
    ) -> None:
        """Work for the owner of the inbox."""
        self._pool = pool
        self._inbox = inbox
        self._parked = parked
        self._applier = applier
        self._limit = limit

    async def park(
        self, record: ReceivedRecord, error: Exception, attempts: int, next_offset: int
    ) -> bool:
        """Set a record aside and move on, or raise TooManyParked.

        Returns:
            Whether it has its place in its tenant's sequence.
        """
        tenant_id = tenant_of(record) or NO_TENANT
        async with transaction(self._pool) as connection:
            state = await self._inbox.advance(connection, next_offset, [tenant_id])
            numbered = self._applier.is_numbered and not isinstance(error, Refused)
            numbered = numbered and self._applier.is_owner_of(tenant_id)
            sequence = sequence_of(record) if numbered else None
            last = state.last_sequences[tenant_id]
            if sequence is not None and sequence <= last:
                return False
            subject = self._applier.subject_of(record) if sequence == last + 1 else None
            halted = await self._parked.count_newly_parked(
                connection, self._limit.window, tenant_id
            )
            # Only failures nobody foresaw speak against the program: one tenant's bad data, however
            # many tenants that customer has, must not stop everybody else.
            if reason_of(error) == FAILED and halted >= self._limit.tenants:
                raise TooManyParked(
                    f"{halted} tenants came to a halt within {self._limit.window}; "
                    f"the next one by: {summarize(error)}"
                )
            if sequence is not None:
                await self._make_way(connection, tenant_id, sequence, record)
            await self._parked.park(
                connection,
                record,
                tenant_id,
                reason=reason_of(error),
                error=describe(error),
                subject=subject,
                numbered=numbered,
                attempts=attempts,
            )
            if subject is not None:
                await self._pass_over(connection, tenant_id, last + 1, record)
        refused = isinstance(error, Refused)
        if refused:
            REFUSED_EVENTS.labels(record.partition.topic, reason_of(error)).inc()
        _log.error(
            "event.refused" if refused else "event.parked",
            topic=record.partition.topic,
            partition=record.partition.number,
            offset=record.offset,
            tenant_id=str(tenant_id),
            sequence=sequence,
            reason=reason_of(error),
            error=summarize(error),
        )
        return numbered

    async def _make_way(
        self,
        connection: asyncpg.Connection,
        tenant_id: UUID,
        sequence: int,
        record: ReceivedRecord,
    ) -> None:
        """Let an event have its number that another record was parked under before its turn."""
        there = await self._parked.read(connection, tenant_id, sequence)
        if there is None:
            return
        if event_id_of(there.record) == event_id_of(record):
            await self._parked.delete(connection, tenant_id, there)
            return
        error = f"another event is parked under sequence {sequence}; it came in its turn"
        await self._parked.withdraw_sequence(connection, tenant_id, there, error)

    async def waiting(self) -> list[UUID]:
        """Return the tenants that have parked events in their sequence."""
        async with self._pool.acquire() as connection:
            return await self._parked.waiting(connection)  # type: ignore[arg-type]

    async def next_event(self, tenant_id: UUID, *, with_failed: bool) -> ParkedEvent | None:
        """Return a tenant's next event if it is parked; one that failed only on request.

        One that failed and holds up its subject alone is passed over.
        """
        async with transaction(self._pool) as connection:
            state = await self._inbox.advance(connection, None, [tenant_id])
            due = state.last_sequences[tenant_id] + 1
            while event := await self._parked.read(connection, tenant_id, due):
                if event.reason == WAITING or with_failed:
                    return event
                if not await self._hold_subject(connection, tenant_id, event):
                    return None
                due += 1
        return None

    async def next_head(
        self, tenant_id: UUID, *, with_failed: bool, skipped: Collection[str]
    ) -> ParkedEvent | None:
        """Return a tenant's first event that no other of its subject holds up."""
        async with transaction(self._pool) as connection:
            await self._inbox.advance(connection, None, [tenant_id])
            return await self._parked.read_head(
                connection, tenant_id, with_failed=with_failed, skipped=skipped
            )

    async def next_unnumbered(
        self, tenant_id: UUID, after: int, *, with_conflicts: bool
    ) -> ParkedEvent | None:
        """Return a tenant's next parked record outside its sequence, behind the one with an id.

        One at a time: thousands may be parked, each as large as a record may be.
        """
        async with transaction(self._pool) as connection:
            await self._inbox.advance(connection, None, [tenant_id])
            return await self._parked.read_unnumbered(
                connection, tenant_id, after, with_conflicts=with_conflicts
            )

    async def apply(self, tenant_id: UUID, event: ParkedEvent) -> None:
        """Apply a parked event as if it came just now, and take it off the list."""
        async with transaction(self._pool) as connection:
            if not await self._parked.delete(connection, tenant_id, event):
                return
            if event.subject is not None or event.reason == CONFLICT:
                await self._applier.apply_parked(connection, event.record)
            else:
                await self._applier.apply(connection, [event.record], None)

    async def fail(
        self, tenant_id: UUID, event: ParkedEvent, error: Exception, attempts: int
    ) -> None:
        """Note that a parked event failed again."""
        async with transaction(self._pool) as connection:
            state = await self._inbox.advance(connection, None, [tenant_id])
            await self._parked.record_failure(
                connection,
                tenant_id,
                event,
                # Whose number it is stays open, whatever else is wrong with it.
                reason=CONFLICT if event.reason == CONFLICT else reason_of(error),
                error=describe(error),
                attempts=attempts,
            )
            if event.sequence == state.last_sequences[tenant_id] + 1:
                await self._hold_subject(connection, tenant_id, event)
        _log.error(
            "event.parked",
            topic=event.record.partition.topic,
            tenant_id=str(tenant_id),
            sequence=event.sequence,
            reason=reason_of(error),
            error=summarize(error),
        )

    async def begin_redrive(self, request: Request) -> bool:
        """Write the audit row of a redrive; return False if it was done with already."""
        async with transaction(self._pool) as connection:
            await self._inbox.advance(connection, None, [request.tenant_id])
            if not await self._parked.has_request(connection, request):
                return False
            await self._parked.audit(connection, request, "tried again")
            return True

    async def end_redrive(self, request: Request) -> None:
        """Take the request off the list: whatever could be applied has been."""
        async with transaction(self._pool) as connection:
            await self._inbox.advance(connection, None, [request.tenant_id])
            await self._parked.clear_request(connection, request)

    async def skip(self, request: Request) -> None:
        """Give up a tenant's next event, or the sequences that are missing, and audit it."""
        tenant_id = request.tenant_id
        async with transaction(self._pool) as connection:
            state = await self._inbox.advance(connection, None, [tenant_id])
            last = state.last_sequences[tenant_id]
            if not await self._parked.clear_request(connection, request):
                return
            detail = await self._skip(connection, request, last)
            await self._parked.audit(connection, request, detail)
        _log.warning(
            "event.skipped",
            topic=self._inbox.topic,
            tenant_id=str(tenant_id),
            actor=request.actor,
            detail=detail,
        )

    async def _skip(self, connection: asyncpg.Connection, request: Request, last: int) -> str:
        tenant_id = request.tenant_id
        event = await self._parked.read_event(connection, tenant_id, request.event)
        if event is None:
            return "nothing was parked any more"
        if event.sequence is None:
            await self._parked.delete(connection, tenant_id, event)
            return f"record at offset {event.record.offset} given up: {event.error}"
        first = await self._parked.first_sequence(connection, tenant_id) or event.sequence
        if event.subject is None and not is_plausible(first, last):
            await self._parked.delete(connection, tenant_id, event)
            return f"record with sequence {event.sequence} given up: it is nobody's turn"
        due = event.sequence == last + 1
        if event.subject is not None or due:
            await self._parked.delete(connection, tenant_id, event)
            if due:
                await self._pass_over(connection, tenant_id, event.sequence, event.record)
            return f"sequence {event.sequence} given up: {event.error}"
        await self._inbox.save_sequences(connection, {tenant_id: (first - 1, None)})
        return f"sequences {last + 1} to {first - 1} given up: they never arrived"

    async def _hold_subject(
        self, connection: asyncpg.Connection, tenant_id: UUID, event: ParkedEvent
    ) -> bool:
        """Let a failed event that is due hold up its subject alone, if that can be told."""
        subject = self._applier.subject_of(event.record)
        if subject is None or event.sequence is None:
            return False
        await self._parked.hold_subject(connection, tenant_id, event, subject)
        await self._pass_over(connection, tenant_id, event.sequence, event.record)
        return True

    async def _pass_over(
        self,
        connection: asyncpg.Connection,
        tenant_id: UUID,
        sequence: int,
        record: ReceivedRecord,
    ) -> None:
        """Count a sequence as handled although its event was not applied."""
        position = (sequence, event_id_of(record))
        await self._inbox.save_sequences(connection, {tenant_id: position})


def is_plausible(sequence: int, last: int) -> bool:
    """Tell whether the events before a sequence can be given up: it is ahead, and not too far."""
    try:
        check_sequence(sequence, last)
    except Refused:
        return False
    return sequence > last


def reason_of(error: Exception) -> str:
    """Return the word under which an error is parked."""
    if isinstance(error, Undecodable):
        return UNDECODABLE
    if isinstance(error, Refused):
        return CONFLICT if isinstance(error, SequenceConflict) else REJECTED
    return REJECTED if is_rejection(error) else FAILED


def describe(error: Exception) -> str:
    """Return an error as operators see it; bounded, because some repeat their input."""
    return f"{type(error).__name__}: {error}"[:1_000]


def summarize(error: Exception) -> str:
    """Return an error as the log may have it: a message may repeat personal data.

    That of a record that cannot be decoded, or is none of ours, names headers, fields and numbers.
    """
    if isinstance(error, (Undecodable, Refused)):
        return describe(error)
    name = type(error).__name__
    return f"{name}: {error.slug}" if isinstance(error, DomainError) else name
