"""Groups in PostgreSQL; membership is rows, and no change ever reads a group's members.

A change that only adds or only removes members is one statement without a lock: what it does not
see yet is as if it had come first. Anything else locks the group in a statement of its own, so that
the second one sees all that was committed while it waited (docs/adr/0005).
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import load_queries, transaction
from chassis.ids import uuid7
from chassis.outbox import OutboxSignal
from contracts.scim import MAX_MEMBERS_PER_EVENT
from scim.domain.group import Group, GroupChange, display_name_key
from scim.domain.query import Filter, Page
from scim.storage.group_search import find_groups
from scim.storage.rows import MakeEvent, Row, entry_values, event_headers, group_record
from scim.usecases.changes import GroupCreated, GroupUpdated
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import GroupRecord, NameTaken, SearchResult, UnknownMembers

QUERIES = load_queries("scim.storage", "groups")
RETRIES = 3
MEMBERS_CHANGED = "scim.group.members_changed.v1"


@dataclass(frozen=True, slots=True)
class PostgresGroups:
    """The groups of all tenants and their memberships."""

    pool: asyncpg.Pool
    signal: OutboxSignal
    make_event: MakeEvent

    async def add(
        self, group: Group, members: Sequence[UUID], *, at: datetime, entry: LogEntry
    ) -> GroupRecord:
        """Store a new group with its members and announce both."""
        event = self.make_event(entry.tenant_id, GroupCreated(group), at)
        members = sorted(members)
        log_id, occurred_at, operation, status, dropped, _ = entry_values(entry)
        try:
            row = await self.pool.fetchrow(
                QUERIES["insert_group"],
                *(entry.tenant_id, group.id, group.display_name, group.display_name_key),
                *(group.external_id, group.version, at, members),
                *(event.topic, event.correlation_id, event.traceparent),
                *(event.event_id, event.type, event.data),
                *(_event_ids(len(members)), MEMBERS_CHANGED),
                *(log_id, occurred_at, MAX_MEMBERS_PER_EVENT, operation, status, dropped),
            )
        except asyncpg.ForeignKeyViolationError as error:
            # A member was deleted at this very moment.
            raise UnknownMembers((), 1) from error
        if not _outcome(row)["stored"]:
            raise NameTaken
        self._committed(entry)
        return GroupRecord(group, at, at, members)

    async def change(
        self, group_id: UUID, change: GroupChange, *, at: datetime, entry: LogEntry
    ) -> bool:
        """Apply a change and announce what really changed."""
        try:
            found = await self._change_retrying(group_id, change, at=at, entry=entry)
        except asyncpg.ForeignKeyViolationError as error:
            raise UnknownMembers((), 1) from error
        except asyncpg.UniqueViolationError as error:
            raise NameTaken from error
        if found:
            self._committed(entry)
        return found

    async def _change_retrying(
        self, group_id: UUID, change: GroupChange, *, at: datetime, entry: LogEntry
    ) -> bool:
        """Try again when a member or the group went, or two changes met crosswise, meanwhile."""
        for _ in range(RETRIES):
            with suppress(asyncpg.ForeignKeyViolationError, asyncpg.DeadlockDetectedError):
                return await self._change_once(group_id, change, at=at, entry=entry)
        return await self._change_once(group_id, change, at=at, entry=entry)

    async def _change_once(
        self, group_id: UUID, change: GroupChange, *, at: datetime, entry: LogEntry
    ) -> bool:
        if _is_one_way(change):
            return await self._change(self.pool, group_id, change, None, at=at, entry=entry)
        return await self._change_locked(group_id, change, at=at, entry=entry)

    async def _change_locked(
        self, group_id: UUID, change: GroupChange, *, at: datetime, entry: LogEntry
    ) -> bool:
        async with transaction(self.pool) as connection:
            row = await connection.fetchrow(QUERIES["lock_group"], entry.tenant_id, group_id)
            if row is None:
                return False
            group = Group(group_id, row["version"], row["display_name"], row["external_id"])
            changed = change.apply_to(group)
            renamed = None if changed is group else changed
            return await self._change(connection, group_id, change, renamed, at=at, entry=entry)

    async def _change(
        self,
        executor: asyncpg.Pool | asyncpg.Connection,
        group_id: UUID,
        change: GroupChange,
        renamed: Group | None,
        *,
        at: datetime,
        entry: LogEntry,
    ) -> bool:
        topic, _, _, correlation_id, traceparent = event_headers(MEMBERS_CHANGED)
        event = self.make_event(entry.tenant_id, GroupUpdated(renamed), at) if renamed else None
        name = renamed.display_name if renamed else None
        log_id, occurred_at, operation, status, dropped, _ = entry_values(entry)
        row = await executor.fetchrow(
            QUERIES["change_group"],
            *(entry.tenant_id, group_id, sorted(change.add), sorted(change.remove)),
            *(change.clear_members, MAX_MEMBERS_PER_EVENT),
            *(name, None if name is None else display_name_key(name)),
            *(renamed is not None, renamed.external_id if renamed else None, at),
            *(topic, correlation_id, traceparent),
            event.event_id if event else None,
            event.type if event else None,
            event.data if event else None,
            _event_ids(len(change.add) + len(change.remove)),
            *(MEMBERS_CHANGED, log_id, occurred_at, operation, status, dropped),
        )
        if row is not None and not row["found"]:
            return False
        _outcome(row)
        return True

    async def get(
        self, tenant_id: UUID, group_id: UUID, *, with_members: bool
    ) -> GroupRecord | None:
        """Return a group as it is answered."""
        row = await self.pool.fetchrow(QUERIES["get_group"], tenant_id, group_id, with_members)
        return None if row is None else group_record(row)

    async def remove(self, group_id: UUID, *, at: datetime, entry: LogEntry) -> bool:
        """Remove a group with its memberships and announce it."""
        topic, event_id, kind, *cause = event_headers("scim.group.deleted.v1")
        log = (entry.id, entry.occurred_at, entry.operation, entry.status, entry.correlation_id)
        name = await self.pool.fetchval(
            QUERIES["delete_group"],
            *(entry.tenant_id, group_id, topic, event_id, kind, at, *cause, *log),
        )
        if name is None:
            return False
        self._committed(entry)
        return True

    async def find(
        self, tenant_id: UUID, clauses: Filter, page: Page, *, with_members: bool
    ) -> SearchResult[GroupRecord]:
        """Return a page of the matching groups in the stable order of their ids."""
        return await find_groups(self.pool, tenant_id, clauses, page, with_members=with_members)

    def _committed(self, entry: LogEntry) -> None:
        entry.logged = True
        self.signal.notify()


def _is_one_way(change: GroupChange) -> bool:
    """Tell whether the change only adds or only removes named members."""
    renames = change.display_name is not None or change.changes_external_id
    return not (renames or change.clear_members or (change.add and change.remove))


def _event_ids(members: int) -> list[UUID]:
    """Return an id for each event that so many members may need."""
    return [uuid7() for _ in range(-(-members // MAX_MEMBERS_PER_EVENT))]


def _outcome(row: Row | None) -> Row:
    """Return what a write did, or raise that some members are unknown."""
    if row is None:
        raise LookupError("a query that answers with one row answered with none")
    if row["unknown_total"]:
        raise UnknownMembers(row["unknown_ids"], row["unknown_total"])
    return row
