"""Units of work in PostgreSQL: a transaction of their own, or a part of the consumer's."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from chassis.clock import Clock
from chassis.database import transaction
from tenant_directory.storage import groups, journal, tenants, users
from tenant_directory.storage.groups import PostgresGroups
from tenant_directory.storage.journal import Outgoing, PostgresJournal
from tenant_directory.storage.tenants import PostgresTenants
from tenant_directory.storage.users import PostgresUsers
from tenant_directory.usecases.ports import UnitOfWork, Work

CONSUMER_QUERIES = (
    users.QUERIES["find_user"],
    users.QUERIES["save_user"],
    users.QUERIES["remove_user"],
    groups.QUERIES["find_group"],
    groups.QUERIES["save_group"],
    groups.QUERIES["remove_group"],
    groups.QUERIES["change_members"],
    tenants.QUERIES["find_tenant_by_id"],
    journal.QUERIES["record_changes"],
)
"""What the consumer runs for every event: prepared on each connection before readiness."""


@dataclass(frozen=True, slots=True)
class PostgresWork:
    """One unit of work on one connection."""

    tenants: PostgresTenants
    users: PostgresUsers
    groups: PostgresGroups
    journal: PostgresJournal


@dataclass(frozen=True, slots=True)
class PostgresWorks:
    """Opens units of work."""

    clock: Clock
    outgoing: Outgoing

    def opened(self, pool: asyncpg.Pool, *, committed: Callable[[], None]) -> UnitOfWork:
        """Return units of work with a transaction each; `committed` hears of new events."""

        @asynccontextmanager
        async def open_work() -> AsyncIterator[Work]:
            async with transaction(pool) as connection:
                work = self._on(connection)
                yield work
            if work.journal.has_written:
                committed()

        return open_work

    def joined(self, connection: asyncpg.Connection) -> UnitOfWork:
        """Return units of work inside a transaction that somebody else commits."""

        @asynccontextmanager
        async def join_work() -> AsyncIterator[Work]:
            yield self._on(connection)

        return join_work

    def _on(self, connection: asyncpg.Connection) -> PostgresWork:
        return PostgresWork(
            PostgresTenants(connection),
            PostgresUsers(connection),
            PostgresGroups(connection),
            PostgresJournal(connection, clock=self.clock, outgoing=self.outgoing),
        )
