"""Audit log and outbox in PostgreSQL: both written by one statement, so neither lacks the other."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from chassis import context
from chassis.clock import Clock
from chassis.database import read_queries
from chassis.outbox import OutboxRecord
from tenant_directory.domain.audit import AuditRecord, audit_entry
from tenant_directory.domain.changes import Change

QUERIES = read_queries("tenant_directory.storage", "change_log")

Outgoing = Callable[[UUID, Sequence[Change], datetime], Sequence[OutboxRecord]]
"""Turns the changes of one tenant into outbox rows."""

_AFTER_ALL = 2**63 - 1
"""The highest id of an audit record."""


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
        cause = context.current()
        entries = [audit_entry(change) for change in changes]
        records = self._outgoing(tenant_id, changes, now)
        query = QUERIES["record_changes"](
            tenant_id=tenant_id,
            now=now,
            actor=actor,
            correlation_id=cause.correlation_id or None,
            traceparent=cause.traceparent,
            actions=[entry.action for entry in entries],
            subjects=[entry.subject for entry in entries],
            details=[orjson.dumps(dict(entry.details)).decode() for entry in entries],
            topics=[record.topic for record in records],
            event_ids=[record.event_id for record in records],
            types=[record.type for record in records],
            event_subjects=[record.subject for record in records],
            data=[record.data for record in records],
            versions=[record.version for record in records],
        )
        await self._connection.execute(*query)

    async def page(
        self, tenant_id: UUID, *, before: int | None, limit: int
    ) -> Sequence[AuditRecord]:
        """Return audit records older than an id, newest first."""
        query = QUERIES["page_audit_log"](
            tenant_id=tenant_id, before=_AFTER_ALL if before is None else before, limit=limit
        )
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
            for row in await self._connection.fetch(*query)
        ]
