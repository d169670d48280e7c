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

from chassis.database import read_queries, transaction
from chassis.ids import uuid7
from chassis.outbox import OutboxRecord, OutboxSignal
from contracts.scim import MAX_MEMBERS_PER_EVENT
from scim.domain.group import Group, GroupChange
from scim.domain.query import Filter, Page
from scim.storage.group_search import find_groups
from scim.storage.rows import MakeEvent, Row, entry_values, event_values, group_record
from scim.usecases.changes import GroupCreated, GroupDeleted, GroupMembersChanged, GroupUpdated
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import (
    MEMBERS_AT_ONCE,
    GroupRecord,
    NameTaken,
    SearchResult,
    UnknownMembers,
)

QUERIES = read_queries("scim.storage", "groups")
RETRIES = 3


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
        members_event = self.make_event(entry.tenant_id, GroupMembersChanged(group.id), at)
        members = sorted(members)
        try:
            row = await self.pool.fetchrow(
                *QUERIES["insert_group"](
                    tenant_id=entry.tenant_id,
                    group_id=group.id,
                    display_name=group.display_name,
                    display_name_key=group.display_name_key,
                    external_id=group.external_id,
                    version=group.version,
                    members=members,
                    now=at,
                    event_data=event.data,
                    **event_values(event),
                    **_members_event_values(members_event, len(members)),
                    **entry_values(entry),
                )
            )
        except asyncpg.ForeignKeyViolationError as error:
            # A member was deleted at this very moment.
            raise UnknownMembers((), 1) from error
        if not _with_known_members(row)["stored"]:
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
        if change.is_one_way:
            return await self._change(self.pool, group_id, change, None, at=at, entry=entry)
        return await self._change_locked(group_id, change, at=at, entry=entry)

    async def _change_locked(
        self, group_id: UUID, change: GroupChange, *, at: datetime, entry: LogEntry
    ) -> bool:
        async with transaction(self.pool) as connection:
            query = QUERIES["lock_group"](tenant_id=entry.tenant_id, group_id=group_id)
            row = await connection.fetchrow(*query)
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
        members_event = self.make_event(entry.tenant_id, GroupMembersChanged(group_id), at)
        event = self.make_event(entry.tenant_id, GroupUpdated(renamed), at) if renamed else None
        row = await executor.fetchrow(
            *QUERIES["change_group"](
                tenant_id=entry.tenant_id,
                group_id=group_id,
                add=sorted(change.add),
                remove=sorted(change.remove),
                clear_members=change.clear_members,
                changes_group=renamed is not None,
                display_name=renamed and renamed.display_name,
                display_name_key=renamed and renamed.display_name_key,
                external_id=renamed and renamed.external_id,
                now=at,
                event_data=event and event.data,
                **event_values(event or members_event),
                **_members_event_values(members_event, len(change.add) + len(change.remove)),
                **entry_values(entry),
            )
        )
        if row is not None and not row["found"]:
            return False
        _with_known_members(row)
        return True

    async def get(
        self, tenant_id: UUID, group_id: UUID, *, with_members: bool
    ) -> GroupRecord | None:
        """Return a group as it is answered."""
        query = QUERIES["get_group"](
            tenant_id=tenant_id,
            group_id=group_id,
            with_members=with_members,
            most_members=MEMBERS_AT_ONCE + 1,
        )
        row = await self.pool.fetchrow(*query)
        return None if row is None else group_record(row)

    async def members_after(
        self, tenant_id: UUID, group_id: UUID, after: UUID, limit: int
    ) -> Sequence[UUID]:
        """Return the group's next members by id."""
        query = QUERIES["members_after"](
            tenant_id=tenant_id, group_id=group_id, after=after, limit=limit
        )
        return [row["user_id"] for row in await self.pool.fetch(*query)]

    async def remove(self, group_id: UUID, *, at: datetime, entry: LogEntry) -> bool:
        """Remove a group with its memberships and announce it."""
        event = self.make_event(entry.tenant_id, GroupDeleted(group_id), at)
        name = await self.pool.fetchval(
            *QUERIES["delete_group"](
                tenant_id=entry.tenant_id,
                group_id=group_id,
                now=at,
                **event_values(event),
                **entry_values(entry),
            )
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


def _members_event_values(event: OutboxRecord, members: int) -> dict[str, object]:
    """Return the parameters for the events that tell of so many members, with an id for each."""
    return {
        "members_event_type": event.type,
        "members_event_ids": [uuid7() for _ in range(-(-members // MAX_MEMBERS_PER_EVENT))],
        "members_per_event": MAX_MEMBERS_PER_EVENT,
    }


def _with_known_members(row: Row | None) -> Row:
    """Return what a write did, or raise UnknownMembers."""
    if row is None:
        raise LookupError("a query that answers with one row answered with none")
    if row["unknown_total"]:
        raise UnknownMembers(row["unknown_ids"], row["unknown_total"])
    return row
