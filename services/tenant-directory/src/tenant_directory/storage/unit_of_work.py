"""Units of work in PostgreSQL: a transaction of their own, or a part of the consumer's."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from chassis.clock import Clock
from chassis.database import transaction
from tenant_directory.storage import change_log, groups, tenants, users
from tenant_directory.storage.change_log import Outgoing, PostgresChangeLog
from tenant_directory.storage.groups import PostgresGroups
from tenant_directory.storage.tenants import PostgresTenants
from tenant_directory.storage.users import PostgresUsers
from tenant_directory.usecases.ports import UnitOfWork, UnitOfWorkFactory

CONSUMER_QUERIES = (
    users.QUERIES["find_user"],
    users.QUERIES["save_user"],
    users.QUERIES["remove_user"],
    groups.QUERIES["find_group"],
    groups.QUERIES["save_group"],
    groups.QUERIES["remove_group"],
    groups.QUERIES["change_members"],
    tenants.QUERIES["find_tenant_by_id"],
    change_log.QUERIES["record_changes"],
)
"""What the consumer runs for every event: prepared on each connection before readiness."""


@dataclass(frozen=True, slots=True)
class PostgresUnitOfWork:
    """One unit of work on one connection."""

    tenants: PostgresTenants
    users: PostgresUsers
    groups: PostgresGroups
    change_log: PostgresChangeLog


@dataclass(frozen=True, slots=True)
class PostgresUnitsOfWork:
    """Opens units of work."""

    clock: Clock
    outgoing: Outgoing

    def on_pool(self, pool: asyncpg.Pool, *, committed: Callable[[], None]) -> UnitOfWorkFactory:
        """Return units of work with a transaction each; `committed` hears of new events."""

        @asynccontextmanager
        async def open_work() -> AsyncIterator[UnitOfWork]:
            async with transaction(pool) as connection:
                work = self._on(connection)
                yield work
            if work.change_log.has_written:
                committed()

        return open_work

    def in_transaction(self, connection: asyncpg.Connection) -> UnitOfWorkFactory:
        """Return units of work inside a transaction that somebody else commits."""

        @asynccontextmanager
        async def join_work() -> AsyncIterator[UnitOfWork]:
            yield self._on(connection)

        return join_work

    def _on(self, connection: asyncpg.Connection) -> PostgresUnitOfWork:
        return PostgresUnitOfWork(
            PostgresTenants(connection),
            PostgresUsers(connection),
            PostgresGroups(connection),
            PostgresChangeLog(connection, clock=self.clock, outgoing=self.outgoing),
        )
