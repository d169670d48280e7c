"""Users in PostgreSQL: one statement for each thing a request does.

A write is one CTE with the user, its event and its log row, so that it commits or fails as a whole
without BEGIN and COMMIT; the unique constraint decides on names, not a look-up before.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from chassis.outbox import OutboxSignal
from scim.domain.query import Filter, Page, Unindexed
from scim.domain.user import User
from scim.protocol.bodies import encode_document
from scim.storage.rows import (
    MakeEvent,
    changeable_user_record,
    entry_values,
    event_values,
    stored_user,
    user_values,
)
from scim.storage.scan_limit import ScanLimit
from scim.storage.user_search import find_users
from scim.usecases.changes import UserCreated, UserDeleted, UserUpdated
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import NameTaken, SearchResult, StoredUser, UserFlags, UserRecord

QUERIES = read_queries("scim.storage", "users")


@dataclass(frozen=True, slots=True)
class PostgresUsers:
    """The users of all tenants."""

    pool: asyncpg.Pool
    signal: OutboxSignal
    make_event: MakeEvent
    scans: ScanLimit = field(default_factory=ScanLimit)

    async def add(self, user: User, *, at: datetime, entry: LogEntry) -> UserRecord:
        """Store a new user and announce it."""
        document = encode_document(user.document)
        event = self.make_event(entry.tenant_id, UserCreated(user), at)
        stored = await self.pool.fetchval(
            *QUERIES["insert_user"](
                tenant_id=entry.tenant_id,
                now=at,
                event_data=event.data,
                **user_values(user, document),
                **event_values(event),
                **entry_values(entry),
            )
        )
        if stored is None:
            raise NameTaken
        self._committed(entry)
        return UserRecord(user.id, user.version, at, at, document, _flags(user))

    async def replace(
        self, stored: StoredUser, user: User, *, at: datetime, entry: LogEntry
    ) -> UserRecord | None:
        """Store the next version of a user, if nobody else did meanwhile."""
        document = encode_document(user.document)
        event = self.make_event(entry.tenant_id, UserUpdated(user), at)
        try:
            written = await self.pool.fetchval(
                *QUERIES["replace_user"](
                    tenant_id=entry.tenant_id,
                    read_version=stored.user.version,
                    read_at=stored.updated_at,
                    now=at,
                    event_data=event.data,
                    **user_values(user, document),
                    **event_values(event),
                    **entry_values(entry),
                )
            )
        except asyncpg.UniqueViolationError as error:
            raise NameTaken from error
        if written is None:
            return None
        self._committed(entry)
        return UserRecord(user.id, user.version, stored.created_at, at, document, _flags(user))

    async def remove(self, user_id: UUID, *, at: datetime, entry: LogEntry) -> bool:
        """Remove a user with its memberships and announce it."""
        event = self.make_event(entry.tenant_id, UserDeleted(user_id), at)
        name = await self.pool.fetchval(
            *QUERIES["delete_user"](
                tenant_id=entry.tenant_id,
                user_id=user_id,
                now=at,
                **event_values(event),
                **entry_values(entry),
            )
        )
        if name is None:
            return False
        self._committed(entry)
        return True

    async def get(self, tenant_id: UUID, user_id: UUID) -> UserRecord | None:
        """Return a user as it is answered."""
        query = QUERIES["get_user"](tenant_id=tenant_id, user_id=user_id)
        row = await self.pool.fetchrow(*query)
        return None if row is None else changeable_user_record(row)

    async def load(self, tenant_id: UUID, user_id: UUID) -> StoredUser | None:
        """Return a user to be changed."""
        query = QUERIES["load_user"](tenant_id=tenant_id, user_id=user_id)
        row = await self.pool.fetchrow(*query)
        return None if row is None else stored_user(user_id, row)

    async def find(self, tenant_id: UUID, clauses: Filter, page: Page) -> SearchResult[UserRecord]:
        """Return a page of the matching users in the stable order of their ids."""
        if any(isinstance(clause.field, Unindexed) for clause in clauses):
            async with self.scans.slot(tenant_id):
                return await find_users(self.pool, tenant_id, clauses, page)
        return await find_users(self.pool, tenant_id, clauses, page)

    def _committed(self, entry: LogEntry) -> None:
        entry.logged = True
        self.signal.notify()


def _flags(user: User) -> UserFlags:
    return UserFlags(user.active, user.soft_deleted)
