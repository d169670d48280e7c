"""Applies records inside one fenced transaction: what is due, once, in each tenant's order.

On event topics the next sequence of a tenant is due, an earlier one was applied before, a later one
waits in the parked table until the gap closes. On state topics a newer version of its key is due.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog

from chassis.bus import Envelope, ReceivedRecord, Undecodable, decode, decode_envelope
from chassis.context import Context, bind
from chassis.inbox.offset_store import AppliedState, Inbox, Key
from chassis.inbox.parked_store import WAITING, ParkedStore
from chassis.inbox.subscription import Handlers, Subscription
from chassis.observe import consumer_span
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

    async def apply(
        self,
        connection: asyncpg.Connection,
        records: Sequence[ReceivedRecord],
        next_offset: int | None,
    ) -> Applied:
        """Apply what is due of the records and move the offset, or raise and leave it to undo."""
        envelopes = [(record, decode_envelope(record, self._topic)) for record in records]
        state = await self._inbox.advance(
            connection, next_offset, {envelope.tenant_id for _, envelope in envelopes}
        )
        if self._topic.kind == "state":
            return await self._apply_states(connection, envelopes, state)
        return await self._apply_events(connection, envelopes, state)

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
        changed: dict[UUID, int] = {}
        to_handle: list[tuple[ReceivedRecord, Envelope]] = []
        for record, envelope in envelopes:
            tenant_id, sequence = envelope.tenant_id, envelope.sequence
            due = changed.get(tenant_id, state.last_sequences[tenant_id]) + 1
            if sequence < due:
                continue
            if tenant_id in state.with_parked:
                done.with_parked.add(tenant_id)
            if sequence > due:
                await self._wait(connection, record, envelope, due)
                done.with_parked.add(tenant_id)
                continue
            if tenant_id in state.with_parked and await self._parked.contains(
                connection, tenant_id, sequence
            ):
                continue
            to_handle.append((record, envelope))
            changed[tenant_id] = sequence
        await self._handle(connection, to_handle)
        done.handled = len(to_handle)
        if changed:
            await self._inbox.save_sequences(connection, changed)
        return done

    async def _wait(
        self, connection: asyncpg.Connection, record: ReceivedRecord, envelope: Envelope, due: int
    ) -> None:
        behind = await self._parked.contains(connection, envelope.tenant_id, due)
        error = f"waits for sequence {due}"
        if not behind:
            _log.error(
                "event.gap_found",
                topic=self._topic.name,
                tenant_id=str(envelope.tenant_id),
                sequence=envelope.sequence,
                missing=due,
            )
            error = f"sequence {due} is missing"
        await self._parked.park(connection, record, envelope.tenant_id, reason=WAITING, error=error)

    async def _apply_states(
        self,
        connection: asyncpg.Connection,
        envelopes: Sequence[tuple[ReceivedRecord, Envelope]],
        state: AppliedState,
    ) -> Applied:
        keys = {(envelope.tenant_id, envelope.subject) for _, envelope in envelopes}
        versions = await self._inbox.read_versions(connection, keys)
        applied: dict[Key, tuple[int, bool]] = {}
        superseded: list[bytes] = []
        done = Applied()
        to_handle: list[tuple[ReceivedRecord, Envelope]] = []
        for record, envelope in envelopes:
            key = (envelope.tenant_id, envelope.subject)
            version = envelope.version or 0
            if version <= versions.get(key, 0):
                continue
            to_handle.append((record, envelope))
            versions[key] = version
            applied[key] = (version, record.value is None)
            if envelope.tenant_id in state.with_parked and record.key is not None:
                superseded.append(record.key)
        await self._handle(connection, to_handle)
        done.handled = len(to_handle)
        if applied:
            await self._inbox.save_versions(connection, applied)
        if superseded:
            await self._parked.delete_superseded(connection, state.with_parked, superseded)
        return done
