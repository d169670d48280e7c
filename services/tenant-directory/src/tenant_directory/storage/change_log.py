"""Audit log and outbox in PostgreSQL: both written by one statement, so neither lacks the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from chassis import context
from chassis.clock import Clock
from chassis.database import read_queries
from chassis.outbox import OutboxRecord
from tenant_directory.domain.audit import AuditEntry, AuditRecord, audit_entry
from tenant_directory.domain.changes import Change

QUERIES = read_queries("tenant_directory.storage", "change_log")

Outgoing = Callable[[UUID, Sequence[Change], datetime], Sequence[OutboxRecord]]
"""Turns the changes of one tenant into outbox rows."""

_AFTER_ALL = 2**63 - 1
"""The highest id of an audit record."""


@dataclass(frozen=True, slots=True)
class _Audited:
    """An audit entry with its circumstances."""

    tenant_id: UUID
    at: datetime
    actor: str
    correlation_id: str | None
    entry: AuditEntry


class PendingChanges:
    """Changes that are recorded in memory, each with its moment and cause, and written at once."""

    def __init__(self, clock: Clock, outgoing: Outgoing) -> None:
        self._clock = clock
        self._outgoing = outgoing
        self._audited: list[_Audited] = []
        self._records: list[OutboxRecord] = []

    async def record(self, tenant_id: UUID, changes: Sequence[Change], *, actor: str) -> None:
        """Take what `actor` did to one tenant, in order."""
        now = self._clock.now()
        correlation_id = context.current().correlation_id or None
        self._audited += [
            _Audited(tenant_id, now, actor, correlation_id, audit_entry(change))
            for change in changes
        ]
        self._records += self._outgoing(tenant_id, changes, now)

    async def write(self, connection: asyncpg.Connection) -> None:
        """Write audit entries and outbox rows with one statement."""
        audited, records = self._audited, self._records
        if not audited:
            return
        query = QUERIES["record_changes"](
            tenant_ids=[each.tenant_id for each in audited],
            times=[each.at for each in audited],
            actors=[each.actor for each in audited],
            correlation_ids=[each.correlation_id for each in audited],
            actions=[each.entry.action for each in audited],
            subjects=[each.entry.subject for each in audited],
            details=[orjson.dumps(dict(each.entry.details)).decode() for each in audited],
            event_tenant_ids=[record.tenant_id for record in records],
            topics=[record.topic for record in records],
            event_ids=[record.event_id for record in records],
            types=[record.type for record in records],
            event_subjects=[record.subject for record in records],
            occurred_at=[record.occurred_at for record in records],
            data=[record.data for record in records],
            versions=[record.version for record in records],
            event_correlation_ids=[record.correlation_id for record in records],
            traceparents=[record.traceparent for record in records],
        )
        await connection.execute(*query)


class PostgresChangeLog:
    """The change log, on one connection."""

    def __init__(self, connection: asyncpg.Connection, *, clock: Clock, outgoing: Outgoing) -> None:
        self._connection = connection
        self._clock = clock
        self._outgoing = outgoing
        self.has_written = False

    async def record(self, tenant_id: UUID, changes: Sequence[Change], *, actor: str) -> None:
        """Record what `actor` did to one tenant, in order."""
        self.has_written = True
        pending = PendingChanges(self._clock, self._outgoing)
        await pending.record(tenant_id, changes, actor=actor)
        await pending.write(self._connection)

    async def page(
        self, tenant_id: UUID, *, before: int | None, limit: int
    ) -> Sequence[AuditRecord]:
        """Return audit records older than an id, newest first."""
        query = QUERIES["page_audit_log"](
            tenant_id=tenant_id, before=_AFTER_ALL if before is None else before, limit=limit
        )
        return [_record(row) for row in await self._connection.fetch(*query)]

    async def page_from(
        self, tenant_id: UUID, *, after: int, since: datetime, until: datetime, limit: int
    ) -> Sequence[AuditRecord]:
        """Return audit records of a time after an id, oldest first."""
        query = QUERIES["page_audit_log_from"](
            tenant_id=tenant_id, after=after, since=since, until=until, limit=limit
        )
        return [_record(row) for row in await self._connection.fetch(*query)]


def _record(row: asyncpg.Record) -> AuditRecord:
    return AuditRecord(
        id=row["id"],
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        subject=row["subject"],
        details=orjson.loads(row["details"]),
        correlation_id=row["correlation_id"],
    )
