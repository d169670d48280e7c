"""Audit log and outbox in PostgreSQL: both written by one statement, so neither lacks the other."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from chassis import context
from chassis.clock import Clock
from chassis.database import load_queries
from chassis.outbox import OutboxRecord
from tenant_directory.domain.audit import AuditRecord, audit_entry
from tenant_directory.domain.changes import Change

QUERIES = load_queries("tenant_directory.storage", "change_log")

Outgoing = Callable[[UUID, Sequence[Change], datetime], Sequence[OutboxRecord]]
"""Says changes in the words of the bus."""

_NEWEST = 2**63 - 1


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
        now = self._clock.now()
        present = context.current()
        entries = [audit_entry(change) for change in changes]
        records = self._outgoing(tenant_id, changes, now)
        await self._connection.execute(
            QUERIES["record_changes"],
            tenant_id,
            now,
            actor,
            present.correlation_id or None,
            [entry.action for entry in entries],
            [entry.subject for entry in entries],
            [orjson.dumps(dict(entry.details)).decode() for entry in entries],
            present.traceparent,
            [record.topic for record in records],
            [record.event_id for record in records],
            [record.type for record in records],
            [record.subject for record in records],
            [record.data for record in records],
            [record.version for record in records],
        )

    async def page(
        self, tenant_id: UUID, *, before: int | None, limit: int
    ) -> Sequence[AuditRecord]:
        """Return audit records older than an id, newest first."""
        newest = _NEWEST if before is None else before
        rows = await self._connection.fetch(QUERIES["page_audit_log"], tenant_id, newest, limit)
        return [
            AuditRecord(
                id=row["id"],
                at=row["at"],
                actor=row["actor"],
                action=row["action"],
                subject=row["subject"],
                details=orjson.loads(row["details"]),
                correlation_id=row["correlation_id"],
            )
            for row in rows
        ]
