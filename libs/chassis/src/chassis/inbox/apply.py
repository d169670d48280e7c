"""Applies records inside one fenced transaction: what is due, once, in each tenant's order.

On event topics the next sequence of a tenant is due, an earlier one was applied before, a later one
waits in the parked table until the gap closes; so does one that is due, while an earlier one of its
subject is parked. On state topics a newer version of its key is due.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog

from chassis.bus import Envelope, ReceivedRecord, Undecodable, decode, decode_envelope
from chassis.context import Context, bind
from chassis.inbox.errors import Refused, SequenceConflict
from chassis.inbox.offset_store import AppliedState, Inbox, Key, Position
from chassis.inbox.parked_store import CONFLICT, WAITING, ParkedStore
from chassis.inbox.plausible import (
    RecentEvents,
    check_partition,
    check_passed,
    check_same_event,
    check_sequence,
    check_version,
    is_partition_of,
)
from chassis.inbox.subscription import Handlers, Subscription
from chassis.observe import REFUSED_EVENTS, consumer_span
from contracts.event import Event

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Applied:
    """What a transaction did."""

    handled: int = 0
    with_parked: set[UUID] = field(default_factory=set)
    """Tenants that were handled or parked here and have parked events."""


class Applier:
    """Applies the records of one partition."""

    def __init__(self, subscription: Subscription, inbox: Inbox, parked: ParkedStore) -> None:
        """Work for the owner of the inbox."""
        self._subscription = subscription
        self._topic = subscription.topic
        self._inbox = inbox
        self._parked = parked
        self._recent = RecentEvents()

    async def apply(
        self,
        connection: asyncpg.Connection,
        records: Sequence[ReceivedRecord],
        next_offset: int | None,
    ) -> Applied:
        """Apply what is due of the records and move the offset, or raise and leave it to undo."""
        envelopes = [(record, self._decode_envelope(record)) for record in records]
        state = await self._inbox.advance(
            connection, next_offset, {envelope.tenant_id for _, envelope in envelopes}
        )
        if self._topic.kind == "state":
            return await self._apply_states(connection, envelopes, state)
        return await self._apply_events(connection, envelopes, state)

    async def apply_parked(self, connection: asyncpg.Connection, record: ReceivedRecord) -> None:
        """Apply a parked record whose number has passed, or raise and leave it to undo."""
        envelope = self._decode_envelope(record)
        state = await self._inbox.advance(connection, None, [envelope.tenant_id])
        check_passed(envelope.sequence, state.last_sequences[envelope.tenant_id])
        await self._handle(connection, [(record, envelope)])

    def subject_of(self, record: ReceivedRecord) -> str | None:
        """Return whose later events alone depend on a record that cannot be applied.

        None if that cannot be told: the envelope is not readable, or the type is not known here.
        """
        try:
            envelope = self._decode_envelope(record)
        except (Undecodable, Refused):
            return None
        known = envelope.type in self._subscription.handlers
        return envelope.subject if known else None

    @property
    def is_numbered(self) -> bool:
        """Whether the topic's sequences count: those of an event topic do."""
        return self._topic.kind == "event"

    def is_owner_of(self, tenant_id: UUID) -> bool:
        """Tell whether a tenant's records belong on the partition that is worked off here."""
        return is_partition_of(tenant_id, self._inbox.partition, self._topic.partitions)

    def _decode_envelope(self, record: ReceivedRecord) -> Envelope:
        envelope = decode_envelope(record, self._topic)
        check_partition(envelope.tenant_id, record.partition, self._topic.partitions)
        return envelope

    async def _handle(
        self,
        connection: asyncpg.Connection,
        due: Sequence[tuple[ReceivedRecord, Envelope]],
    ) -> None:
        """Give records that are due to their handlers, in order; many of them as a batch."""
        events = [
            self._decode(record, envelope)
            for record, envelope in due
            if envelope.type not in self._subscription.ignored
        ]
        batch = self._subscription.batch
        if batch is None or len(events) < 2:
            await self._give(connection, events, self._subscription.handlers)
            return
        async with batch(events, connection) as handlers:
            await self._give(connection, events, handlers)

    def _decode(self, record: ReceivedRecord, envelope: Envelope) -> Event:
        event = decode(record, self._topic, envelope)
        if event.type not in self._subscription.handlers:
            raise Undecodable(f"this service has no handler for {event.type}")
        return event

    async def _give(
        self, connection: asyncpg.Connection, events: Sequence[Event], handlers: Handlers
    ) -> None:
        for event in events:
            context = Context(
                event.correlation_id or str(event.id), str(event.tenant_id), event.traceparent
            )
            with bind(context), consumer_span(event.type, self._topic.name, self._inbox.group):
                await handlers[event.type](event, connection)

    async def _apply_events(
        self,
        connection: asyncpg.Connection,
        envelopes: Sequence[tuple[ReceivedRecord, Envelope]],
        state: AppliedState,
    ) -> Applied:
        done = Applied()
        held = await self._find_held(connection, envelopes, state)
        changed: dict[UUID, Position] = {}
        to_handle: list[tuple[ReceivedRecord, Envelope]] = []
        for record, envelope in envelopes:
            tenant_id, sequence = envelope.tenant_id, envelope.sequence
            last, _ = changed.get(tenant_id) or (state.last_sequences[tenant_id], None)
            if sequence <= last:
                self._recent.check_repetition(envelope, state)
                continue
            if tenant_id in state.with_parked:
                done.with_parked.add(tenant_id)
            if sequence > last + 1:
                check_sequence(sequence, last)
                await self._wait_for(connection, record, envelope, last + 1)
                done.with_parked.add(tenant_id)
                continue
            if tenant_id in state.with_parked and await self._is_parked(connection, envelope):
                continue
            if (tenant_id, envelope.subject) in held:
                await self._wait_behind(connection, record, envelope)
            else:
                to_handle.append((record, envelope))
            changed[tenant_id] = (sequence, envelope.event_id)
            self._recent.remember(envelope)
        await self._handle(connection, to_handle)
        done.handled = len(to_handle)
        if changed:
            await self._inbox.save_sequences(connection, changed)
        return done

    async def _find_held(
        self,
        connection: asyncpg.Connection,
        envelopes: Sequence[tuple[ReceivedRecord, Envelope]],
        state: AppliedState,
    ) -> set[Key]:
        """Return the tenants' subjects of which an event is parked."""
        keys = {
            (envelope.tenant_id, envelope.subject)
            for _, envelope in envelopes
            if envelope.tenant_id in state.with_parked
        }
        return await self._parked.find_held(connection, keys) if keys else set()

    async def _is_parked(self, connection: asyncpg.Connection, envelope: Envelope) -> bool:
        """Tell whether the event that is due is parked already.

        Another one that came too early under its number gives way to the one that came in its turn.
        """
        parked = await self._parked.read(connection, envelope.tenant_id, envelope.sequence)
        if parked is None:
            return False
        try:
            check_same_event(parked.record, envelope)
        except SequenceConflict as error:
            await self._parked.withdraw_sequence(
                connection, envelope.tenant_id, parked, f"{error}; it came in its turn"
            )
            _log.error(
                "event.refused",
                topic=self._topic.name,
                tenant_id=str(envelope.tenant_id),
                sequence=envelope.sequence,
                offset=parked.record.offset,
                reason=CONFLICT,
            )
            REFUSED_EVENTS.labels(self._topic.name, CONFLICT).inc()
            return False
        return True

    async def _wait_for(
        self, connection: asyncpg.Connection, record: ReceivedRecord, envelope: Envelope, due: int
    ) -> None:
        """Park an event that stands behind a gap, or behind one that holds up its tenant."""
        tenant_id = envelope.tenant_id
        there = await self._parked.read(connection, tenant_id, envelope.sequence)
        if there is not None:
            check_same_event(there.record, envelope)
            return
        behind = await self._parked.read(connection, tenant_id, due)
        error = f"waits for sequence {due}"
        if behind is None:
            _log.error(
                "event.gap_found",
                topic=self._topic.name,
                tenant_id=str(tenant_id),
                sequence=envelope.sequence,
                missing=due,
            )
            error = f"sequence {due} is missing"
        await self._parked.park(connection, record, tenant_id, reason=WAITING, error=error)

    async def _wait_behind(
        self, connection: asyncpg.Connection, record: ReceivedRecord, envelope: Envelope
    ) -> None:
        """Park an event behind an earlier one of its subject."""
        await self._parked.park(
            connection,
            record,
            envelope.tenant_id,
            reason=WAITING,
            error="waits for an earlier event of its subject",
            subject=envelope.subject,
        )

    async def _apply_states(
        self,
        connection: asyncpg.Connection,
        envelopes: Sequence[tuple[ReceivedRecord, Envelope]],
        state: AppliedState,
    ) -> Applied:
        keys = {(envelope.tenant_id, envelope.subject) for _, envelope in envelopes}
        versions = await self._inbox.read_versions(connection, keys)
        applied: dict[Key, tuple[int, bool]] = {}
        superseded: dict[bytes, int] = {}
        done = Applied()
        to_handle: list[tuple[ReceivedRecord, Envelope]] = []
        for record, envelope in envelopes:
            key = (envelope.tenant_id, envelope.subject)
            version = envelope.version or 0
            before = versions.get(key, 0)
            if version <= before:
                continue
            check_version(version, before)
            to_handle.append((record, envelope))
            versions[key] = version
            applied[key] = (version, record.value is None)
            if envelope.tenant_id in state.with_parked and record.key is not None:
                superseded[record.key] = record.offset
        await self._handle(connection, to_handle)
        done.handled = len(to_handle)
        if applied:
            await self._inbox.save_versions(connection, applied)
        if superseded:
            await self._parked.delete_superseded(connection, state.with_parked, superseded)
        return done
