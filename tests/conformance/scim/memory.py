"""Users, groups, tokens and log in memory: the fakes that the conformance suite keeps honest."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson

from kernel.names import comparison_key
from kernel.tenant import Tenant
from scim.domain.group import Group, GroupChange
from scim.domain.query import Equals, Field, Filter, Page, Unindexed
from scim.domain.user import User
from scim.usecases.changes import Change, GroupCreated, GroupUpdated, UserCreated, UserUpdated
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import (
    Grant,
    GroupRecord,
    NameTaken,
    SearchResult,
    StoredUser,
    Token,
    UnknownMembers,
    UserFlags,
    UserRecord,
)

Key = tuple[UUID, UUID]
MakeEvent = Callable[[UUID, Change, datetime], Any]


@dataclass
class Memory:
    """What one database holds."""

    make_event: MakeEvent
    users: dict[Key, StoredUser] = field(default_factory=dict)
    groups: dict[Key, GroupRecord] = field(default_factory=dict)
    members: dict[Key, set[UUID]] = field(default_factory=dict)
    events: list[tuple[UUID, str, dict[str, Any]]] = field(default_factory=list)
    entries: dict[Key, LogEntry] = field(default_factory=dict)
    tokens: dict[Key, tuple[Token, bytes]] = field(default_factory=dict)
    tenants: dict[UUID, Tenant] = field(default_factory=dict)

    def commit(self, entry: LogEntry, *events: tuple[str, dict[str, Any]]) -> None:
        """Store events and log row of a write."""
        self.events += [(entry.tenant_id, kind, data) for kind, data in events]
        self.entries[entry.tenant_id, entry.id] = entry
        entry.logged = True

    def event(self, entry: LogEntry, change: Change, at: datetime) -> tuple[str, dict[str, Any]]:
        """Return what a change says."""
        record = self.make_event(entry.tenant_id, change, at)
        return record.type, orjson.loads(record.data)

    def refuse_unknown(self, tenant_id: UUID, members: Sequence[UUID]) -> None:
        """Raise when some are no users."""
        unknown = sorted(m for m in members if (tenant_id, m) not in self.users)
        if unknown:
            raise UnknownMembers(unknown[:10], len(unknown))


@dataclass
class MemoryUsers:
    """The users of all tenants."""

    memory: Memory

    async def add(self, user: User, *, at: datetime, entry: LogEntry) -> UserRecord:
        event = self.memory.event(entry, UserCreated(user), at)
        await asyncio.sleep(0)
        self._refuse_name(entry.tenant_id, user)
        stored = StoredUser(user, at, at, adopted=True)
        self.memory.users[entry.tenant_id, user.id] = stored
        entry.resource_id, entry.resource_name = str(user.id), user.user_name
        self.memory.commit(entry, event)
        return _user_record(stored)

    async def get(self, tenant_id: UUID, user_id: UUID) -> UserRecord | None:
        stored = self.memory.users.get((tenant_id, user_id))
        return None if stored is None else _user_record(stored)

    async def load(self, tenant_id: UUID, user_id: UUID) -> StoredUser | None:
        await asyncio.sleep(0)
        return self.memory.users.get((tenant_id, user_id))

    async def replace(
        self, stored: StoredUser, user: User, *, at: datetime, entry: LogEntry
    ) -> UserRecord | None:
        event = self.memory.event(entry, UserUpdated(user), at)
        await asyncio.sleep(0)
        present = self.memory.users.get((entry.tenant_id, user.id))
        read = (stored.user.version, stored.updated_at)
        if present is None or (present.user.version, present.updated_at) != read:
            return None
        self._refuse_name(entry.tenant_id, user)
        changed = StoredUser(user, stored.created_at, at, adopted=True)
        self.memory.users[entry.tenant_id, user.id] = changed
        self.memory.commit(entry, event)
        return _user_record(changed)

    async def remove(self, user_id: UUID, *, at: datetime, entry: LogEntry) -> bool:
        stored = self.memory.users.pop((entry.tenant_id, user_id), None)
        if stored is None:
            return False
        for (tenant_id, _), members in self.memory.members.items():
            if tenant_id == entry.tenant_id:
                members.discard(user_id)
        data = {"user_id": str(user_id), "user_name": stored.user.user_name}
        self.memory.commit(entry, ("scim.user.deleted.v1", data))
        return True

    async def find(self, tenant_id: UUID, clauses: Filter, page: Page) -> SearchResult[UserRecord]:
        fitting = [
            stored
            for (tenant, _), stored in sorted(self.memory.users.items())
            if tenant == tenant_id and all(_user_holds(stored.user, c) for c in clauses)
        ]
        shown = fitting[page.offset : page.offset + page.count]
        return SearchResult(len(fitting), [_user_record(stored) for stored in shown])

    def _refuse_name(self, tenant_id: UUID, user: User) -> None:
        for (tenant, id), other in self.memory.users.items():
            same = other.user.user_name_key == user.user_name_key
            if tenant == tenant_id and same and id != user.id:
                raise NameTaken


@dataclass
class MemoryGroups:
    """The groups of all tenants and their memberships."""

    memory: Memory

    async def add(
        self, group: Group, members: Sequence[UUID], *, at: datetime, entry: LogEntry
    ) -> GroupRecord:
        event = self.memory.event(entry, GroupCreated(group), at)
        await asyncio.sleep(0)
        self.memory.refuse_unknown(entry.tenant_id, members)
        self._refuse_name(entry.tenant_id, group)
        key = (entry.tenant_id, group.id)
        self.memory.groups[key] = GroupRecord(group, at, at)
        self.memory.members[key] = set(members)
        self.memory.commit(entry, event, *_moved(group.id, set(members), set()))
        return GroupRecord(group, at, at, sorted(members))

    async def get(
        self, tenant_id: UUID, group_id: UUID, *, with_members: bool
    ) -> GroupRecord | None:
        record = self.memory.groups.get((tenant_id, group_id))
        return None if record is None else self._record(tenant_id, record, with_members)

    async def members_after(
        self, tenant_id: UUID, group_id: UUID, after: UUID, limit: int
    ) -> Sequence[UUID]:
        record = self.memory.groups[tenant_id, group_id]
        members = self._record(tenant_id, record, with_members=True).members or ()
        return [member for member in members if member > after][:limit]

    async def change(
        self, group_id: UUID, change: GroupChange, *, at: datetime, entry: LogEntry
    ) -> bool:
        await asyncio.sleep(0)
        key = (entry.tenant_id, group_id)
        record = self.memory.groups.get(key)
        if record is None:
            return False
        self.memory.refuse_unknown(entry.tenant_id, change.add)
        changed = change.apply_to(record.group)
        self._refuse_name(entry.tenant_id, changed)
        before = self.memory.members[key]
        after = (set() if change.clear_members else before - {*change.remove}) | {*change.add}
        events = []
        if changed is not record.group:
            events.append(self.memory.event(entry, GroupUpdated(changed), at))
        events += _moved(group_id, after - before, before - after)
        self.memory.members[key] = after
        if events:
            self.memory.groups[key] = replace(record, group=changed, updated_at=at)
        self.memory.commit(entry, *events)
        return True

    async def remove(self, group_id: UUID, *, at: datetime, entry: LogEntry) -> bool:
        record = self.memory.groups.pop((entry.tenant_id, group_id), None)
        if record is None:
            return False
        del self.memory.members[entry.tenant_id, group_id]
        data = {"group_id": str(group_id), "display_name": record.group.display_name}
        self.memory.commit(entry, ("scim.group.deleted.v1", data))
        return True

    async def find(
        self, tenant_id: UUID, clauses: Filter, page: Page, *, with_members: bool
    ) -> SearchResult[GroupRecord]:
        fitting = [
            record
            for key, record in sorted(self.memory.groups.items())
            if key[0] == tenant_id
            and all(_group_holds(record.group, self.memory.members[key], c) for c in clauses)
        ]
        shown = fitting[page.offset : page.offset + page.count]
        return SearchResult(
            len(fitting), [self._record(tenant_id, record, with_members) for record in shown]
        )

    def _record(self, tenant_id: UUID, record: GroupRecord, with_members: bool) -> GroupRecord:
        members = sorted(self.memory.members[tenant_id, record.group.id])
        return replace(record, members=members) if with_members else record

    def _refuse_name(self, tenant_id: UUID, group: Group) -> None:
        for (tenant, id), other in self.memory.groups.items():
            same = other.group.display_name_key == group.display_name_key
            if tenant == tenant_id and same and id != group.id:
                raise NameTaken


@dataclass
class MemoryTokens:
    """The tokens of all tenants."""

    memory: Memory

    async def add(self, token: Token, digest: bytes) -> None:
        self.memory.tokens[token.tenant_id, token.id] = token, digest

    async def list(self, tenant_id: UUID) -> Sequence[Token]:
        tokens = [token for token, _ in self.memory.tokens.values()]
        own = [token for token in tokens if token.tenant_id == tenant_id]
        return sorted(own, key=lambda token: token.id, reverse=True)

    async def revoke(self, tenant_id: UUID, token_id: UUID, at: datetime) -> bool:
        if (tenant_id, token_id) not in self.memory.tokens:
            return False
        token, digest = self.memory.tokens[tenant_id, token_id]
        revoked = replace(token, revoked_at=token.revoked_at or at)
        self.memory.tokens[tenant_id, token_id] = revoked, digest
        return True

    async def find(self, tenant_id: UUID, digest: bytes, at: datetime) -> Grant | None:
        for token, kept in self.memory.tokens.values():
            live = token.revoked_at is None and token.expires_at > at
            if token.tenant_id == tenant_id and kept == digest and live:
                return Grant(token.id, self.memory.tenants[tenant_id], token.expires_at)
        return None

    async def list_live(
        self, at: datetime, *, since: datetime | None, limit: int
    ) -> Sequence[tuple[UUID, bytes]]:
        live = [
            (token.last_used_at or datetime.min.replace(tzinfo=UTC), token.tenant_id, digest)
            for token, digest in self.memory.tokens.values()
            if token.revoked_at is None
            and token.expires_at > at
            and (since is None or token.created_at > since)
        ]
        return [(t, d) for _, t, d in sorted(live, key=itemgetter(0), reverse=True)][:limit]

    async def mark_used(self, uses: Mapping[tuple[UUID, UUID], datetime]) -> None:
        for key, at in uses.items():
            if key in self.memory.tokens:
                token, digest = self.memory.tokens[key]
                last = max(filter(None, [token.last_used_at, at]))
                self.memory.tokens[key] = replace(token, last_used_at=last), digest


@dataclass
class MemoryLogEntries:
    """The provisioning log."""

    memory: Memory

    async def add(self, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            self.memory.entries.setdefault((entry.tenant_id, entry.id), entry)

    async def newest(
        self, tenant_id: UUID, *, since: datetime, errors: bool, limit: int
    ) -> Sequence[LogEntry]:
        own = [
            entry
            for (tenant, _), entry in sorted(self.memory.entries.items())
            if tenant == tenant_id and entry.occurred_at >= since
        ]
        return [entry for entry in own if entry.status >= 400 or not errors][-limit:]

    async def prune(self, before: datetime) -> int:
        old = [key for key, entry in self.memory.entries.items() if entry.occurred_at < before]
        for key in old:
            del self.memory.entries[key]
        return len(old)


def _moved(group_id: UUID, added: set[UUID], removed: set[UUID]) -> list[tuple[str, Any]]:
    if not added and not removed:
        return []
    data = {
        "group_id": str(group_id),
        "added": sorted(str(id) for id in added),
        "removed": sorted(str(id) for id in removed),
    }
    return [("scim.group.members_changed.v1", data)]


def _user_record(stored: StoredUser) -> UserRecord:
    user = stored.user
    document = orjson.dumps(user.document)
    flags = UserFlags(user.active, user.soft_deleted) if stored.adopted else None
    return UserRecord(user.id, user.version, stored.created_at, stored.updated_at, document, flags)


def _user_holds(user: User, clause: Equals) -> bool:
    held: dict[Field, Any] = {
        Field.ID: user.id,
        Field.USER_NAME: user.user_name_key,
        Field.DISPLAY_NAME: user.display_name_key,
        Field.EXTERNAL_ID: user.external_id,
        Field.ACTIVE: user.active,
        Field.MANAGER: user.manager,
    }
    if clause.field is Field.EMAIL:
        return clause.value in user.email_keys
    if clause.field is Field.WORK_EMAIL:
        return clause.value in user.work_email_keys
    if isinstance(clause.field, Unindexed):
        return _document_holds(user.document, clause.field, clause.value)
    return bool(held[clause.field] == clause.value)


def _document_holds(document: Any, place: Unindexed, value: object) -> bool:
    found = [document]
    for name in place.path:
        found = [each[name] for each in found if isinstance(each, dict) and name in each]
        found = [one for each in found for one in (each if isinstance(each, list) else [each])]
        if place.type is not None and name == place.path[0]:
            found = [each for each in found if each.get("type") == place.type]
    if place.case_exact:
        return value in found
    return comparison_key(str(value)) in map(comparison_key, found)


def _group_holds(group: Group, members: set[UUID], clause: Equals) -> bool:
    held: dict[Field | Unindexed, Any] = {
        Field.ID: group.id,
        Field.DISPLAY_NAME: group.display_name_key,
        Field.EXTERNAL_ID: group.external_id,
    }
    if clause.field is Field.MEMBER:
        return clause.value in members
    return bool(held[clause.field] == clause.value)
