"""Parked events (dead letters): those that failed, and later ones that depend on them, which wait.

What is parked under a subject counts as handled in its tenant's sequence: it holds up later events
of that subject alone. What is parked without one stands before a gap in the sequence, or is itself
the gap, and holds up its tenant.

Only the owner of the partition writes here, in transactions that `chassis.inbox.offset_store`
fences; operators leave requests (`chassis.bus.operate`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from chassis.bus import Partition, ReceivedRecord, sequence_of
from chassis.database import read_queries
from chassis.inbox.offset_store import Key

QUERIES = read_queries("chassis.inbox", "parked")

NO_TENANT = UUID(int=0)
"""Stands for the tenant of a record that does not tell it."""

WAITING = "waiting"
FAILED = "failed"
REJECTED = "rejected"
UNDECODABLE = "undecodable"
CONFLICT = "conflict"
"""Another event came under the same sequence; which of the two is right cannot be told here."""


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """A parked record and why it is there."""

    id: int
    record: ReceivedRecord
    sequence: int | None
    subject: str | None
    reason: str
    error: str


@dataclass(frozen=True, slots=True)
class Request:
    """What an operator asks to be done with a tenant's first parked event."""

    tenant_id: UUID
    partition: Partition
    action: str
    """`redrive`, `redrive-conflicts` or `skip`."""
    actor: str
    note: str
    event: int
    """Id of the parked event."""


class ParkedStore:
    """One group's parked events of one partition."""

    def __init__(self, group: str, partition: Partition, *, numbered: bool) -> None:
        """Prepare; `numbered` says that the topic's sequences count (event topics)."""
        self._group = group
        self._partition = partition
        self._numbered = numbered

    async def park(
        self,
        connection: asyncpg.Connection,
        record: ReceivedRecord,
        tenant_id: UUID,
        *,
        reason: str,
        error: str,
        subject: str | None = None,
        numbered: bool = True,
        attempts: int = 0,
    ) -> None:
        """Park a record, unless its sequence is parked already.

        Args:
            connection: Where the transaction is.
            record: What came.
            tenant_id: Whose it is, or NO_TENANT.
            reason: The word for it.
            error: The sentence for it.
            subject: Whose later events wait; None lets all of the tenant wait.
            numbered: Whether it takes its place in the tenant's sequence.
            attempts: How often it was tried.
        """
        numbered = numbered and self._numbered and tenant_id != NO_TENANT
        await connection.execute(
            *QUERIES["park_event"](
                tenant_id=tenant_id,
                group=self._group,
                topic=self._partition.topic,
                partition=self._partition.number,
                offset=record.offset,
                sequence=sequence_of(record) if numbered else None,
                subject=None if subject is None else _text(subject),
                reason=reason,
                error=_text(error),
                attempts=attempts,
                key=record.key,
                value=record.value,
                header_names=[_text(name) for name, _ in record.headers],
                header_values=[value for _, value in record.headers],
            )
        )

    async def find_held(self, connection: asyncpg.Connection, keys: Collection[Key]) -> set[Key]:
        """Return those of the tenants' subjects whose events wait for a parked one."""
        rows = await connection.fetch(
            *QUERIES["find_held"](
                group=self._group,
                topic=self._partition.topic,
                tenant_ids=[tenant_id for tenant_id, _ in keys],
                subjects=[subject for _, subject in keys],
            )
        )
        return {(row["tenant_id"], row["subject"]) for row in rows}

    async def read_head(
        self,
        connection: asyncpg.Connection,
        tenant_id: UUID,
        *,
        with_failed: bool,
        skipped: Collection[str] = (),
    ) -> ParkedEvent | None:
        """Return the tenant's first event that no other one of its subject holds up.

        Args:
            connection: Where the transaction is.
            tenant_id: Whose.
            with_failed: Also one that has failed, not only one that waits.
            skipped: Subjects that are left out.
        """
        query = self._of_tenant("read_head", tenant_id, with_failed=with_failed, skipped=skipped)
        return self._event(await connection.fetchrow(*query))

    async def hold_subject(
        self, connection: asyncpg.Connection, tenant_id: UUID, event: ParkedEvent, subject: str
    ) -> None:
        """Let a parked event hold up its subject and no longer its tenant."""
        query = QUERIES["hold_subject"](tenant_id=tenant_id, id=event.id, subject=subject)
        await connection.execute(*query)

    async def withdraw_sequence(
        self, connection: asyncpg.Connection, tenant_id: UUID, event: ParkedEvent, error: str
    ) -> None:
        """Take an event out of the sequence, because another one came under its number."""
        query = QUERIES["withdraw_sequence"](
            tenant_id=tenant_id, id=event.id, reason=CONFLICT, error=_text(error)
        )
        await connection.execute(*query)

    async def read(
        self, connection: asyncpg.Connection, tenant_id: UUID, sequence: int
    ) -> ParkedEvent | None:
        """Return the tenant's parked event with this sequence."""
        query = self._of_tenant("read_parked", tenant_id, sequence=sequence)
        return self._event(await connection.fetchrow(*query))

    async def read_event(
        self, connection: asyncpg.Connection, tenant_id: UUID, event_id: int
    ) -> ParkedEvent | None:
        """Return one of the tenant's parked events."""
        query = QUERIES["read_event"](tenant_id=tenant_id, id=event_id)
        return self._event(await connection.fetchrow(*query))

    async def read_unnumbered(
        self,
        connection: asyncpg.Connection,
        tenant_id: UUID,
        after: int,
        *,
        with_conflicts: bool,
    ) -> ParkedEvent | None:
        """Return the tenant's oldest parked record outside its sequence, of those behind an id."""
        query = self._of_tenant(
            "read_unnumbered", tenant_id, after=after, with_conflicts=with_conflicts
        )
        return self._event(await connection.fetchrow(*query))

    async def first_sequence(self, connection: asyncpg.Connection, tenant_id: UUID) -> int | None:
        """Return the tenant's lowest sequence that stands behind a gap."""
        found = await connection.fetchval(*self._of_tenant("find_first_sequence", tenant_id))
        return None if found is None else int(found)

    async def delete(
        self, connection: asyncpg.Connection, tenant_id: UUID, event: ParkedEvent
    ) -> bool:
        """Remove an event that is applied or skipped; False if somebody else has done so."""
        query = QUERIES["delete_parked"](tenant_id=tenant_id, id=event.id)
        return await connection.execute(*query) != "DELETE 0"

    async def delete_superseded(
        self,
        connection: asyncpg.Connection,
        tenants: Collection[UUID],
        applied: Mapping[bytes, int],
    ) -> None:
        """Remove parked states that stand before one of their key that was applied.

        `applied` has the offset of the record that was, by key: what stands behind it is newer.
        """
        await connection.execute(
            *QUERIES["delete_superseded"](
                group=self._group,
                topic=self._partition.topic,
                tenant_ids=tenants,
                keys=list(applied),
                offsets=list(applied.values()),
            )
        )

    async def record_failure(
        self,
        connection: asyncpg.Connection,
        tenant_id: UUID,
        event: ParkedEvent,
        *,
        reason: str,
        error: str,
        attempts: int,
    ) -> None:
        """Note that a parked event failed again."""
        await connection.execute(
            *QUERIES["record_failure"](
                tenant_id=tenant_id,
                id=event.id,
                reason=reason,
                error=_text(error),
                attempts=attempts,
            )
        )

    async def count_newly_parked(
        self, connection: asyncpg.Connection, window: timedelta, other_than: UUID
    ) -> int:
        """Return how many other tenants came to a halt within the window."""
        await connection.execute(*QUERIES["lock_parking"](group=self._group))
        query = QUERIES["count_newly_parked"](
            group=self._group, window=window, tenant_id=other_than
        )
        return int(await connection.fetchval(*query))

    async def waiting(self, connection: asyncpg.Connection) -> list[UUID]:
        """Return the tenants that have parked events in their sequence."""
        topic, partition = self._partition
        query = QUERIES["find_waiting"](group=self._group, topic=topic, partition=partition)
        rows = await connection.fetch(*query)
        return [row["tenant_id"] for row in rows]

    async def has_request(self, connection: asyncpg.Connection, request: Request) -> bool:
        """Return whether an operator's request of this kind is still to be done."""
        query = self._of_tenant("has_request", request.tenant_id, action=request.action)
        return bool(await connection.fetchval(*query))

    async def clear_request(self, connection: asyncpg.Connection, request: Request) -> bool:
        """Take an operator's request off the list; return False if it was done with already.

        A redrive is for all that is parked of a tenant, a skip for the one event that it names.
        """
        event = request.event if request.action == "skip" else None
        query = self._of_tenant(
            "clear_request", request.tenant_id, action=request.action, event=event
        )
        return await connection.execute(*query) != "UPDATE 0"

    async def audit(self, connection: asyncpg.Connection, request: Request, detail: str) -> None:
        """Note what was done for an operator."""
        await connection.execute(
            *self._of_tenant(
                "write_audit",
                request.tenant_id,
                action=request.action,
                actor=request.actor,
                note=request.note,
                detail=detail,
            )
        )

    def _of_tenant(self, query: str, tenant_id: UUID, **values: object) -> tuple[Any, ...]:
        """Return a query about one tenant on this group's topic."""
        topic = self._partition.topic
        return QUERIES[query](tenant_id=tenant_id, group=self._group, topic=topic, **values)

    def _event(self, row: asyncpg.Record | None) -> ParkedEvent | None:
        if row is None:
            return None
        record = ReceivedRecord(
            # A record that stands on another tenant's partition must not seem to be in its place.
            Partition(self._partition.topic, row["partition"]),
            row["record_offset"],
            row["key"],
            row["value"],
            list(zip(row["header_names"], row["header_values"], strict=True)),
        )
        names = ("id", "sequence", "subject", "reason", "error")
        return ParkedEvent(record=record, **{name: row[name] for name in names})


def _text(text: str) -> str:
    """Return a text that PostgreSQL can store."""
    return text.replace("\x00", "").encode(errors="replace").decode()


async def find_requests(connection: asyncpg.Connection, group: str) -> list[Request]:
    """Return what operators have asked for."""
    rows = await connection.fetch(*QUERIES["find_requests"](group=group))
    return [
        Request(
            row["tenant_id"],
            Partition(row["topic"], row["partition"]),
            row["request"],
            row["requested_by"],
            row["request_note"],
            row["id"],
        )
        for row in rows
    ]


async def count_parked(connection: asyncpg.Connection, group: str) -> dict[str, int]:
    """Return the number of parked events of each topic that has some."""
    rows = await connection.fetch(*QUERIES["count_parked"](group=group))
    return {row["topic"]: row["events"] for row in rows}
