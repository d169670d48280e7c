"""Units of work in PostgreSQL: a transaction of their own, or a part of the consumer's."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from chassis.clock import Clock
from chassis.database import transaction
from tenant_directory.storage.batch import open_batch
from tenant_directory.storage.change_log import Outgoing, PostgresChangeLog
from tenant_directory.storage.groups import PostgresGroups
from tenant_directory.storage.tenants import PostgresTenants
from tenant_directory.storage.users import PostgresUsers
from tenant_directory.usecases.ports import (
    EventUnitOfWork,
    EventUnitOfWorkFactory,
    Touched,
    UnitOfWork,
    UnitOfWorkFactory,
)


@dataclass(frozen=True, slots=True)
class PostgresUnitOfWork:
    """One unit of work on one connection."""

    tenants: PostgresTenants
    users: PostgresUsers
    groups: PostgresGroups
    change_log: PostgresChangeLog


@dataclass(frozen=True, slots=True)
class PostgresUnitsOfWork:
    """Makes units of work, in a transaction of their own or in the consumer's."""

    clock: Clock
    outgoing: Outgoing

    def on_pool(self, pool: asyncpg.Pool, *, committed: Callable[[], None]) -> UnitOfWorkFactory:
        """Return units of work with a transaction each; `committed` is called after new events."""

        @asynccontextmanager
        async def begin() -> AsyncIterator[UnitOfWork]:
            async with transaction(pool) as connection:
                work = self._unit_of_work(connection)
                yield work
            if work.change_log.has_written:
                committed()

        return begin

    def in_transaction(self, connection: asyncpg.Connection) -> UnitOfWorkFactory:
        """Return units of work inside the connection's transaction, which the caller commits."""

        @asynccontextmanager
        async def join() -> AsyncIterator[UnitOfWork]:
            yield self._unit_of_work(connection)

        return join

    @asynccontextmanager
    async def in_batch(
        self, connection: asyncpg.Connection, touched: Touched
    ) -> AsyncIterator[EventUnitOfWorkFactory]:
        """Lend units of work on what events touch, in the connection's transaction.

        They see one another's changes; all is written when the block ends.
        """
        async with open_batch(
            connection, touched, clock=self.clock, outgoing=self.outgoing
        ) as work:

            @asynccontextmanager
            async def join() -> AsyncIterator[EventUnitOfWork]:
                yield work

            yield join

    def _unit_of_work(self, connection: asyncpg.Connection) -> PostgresUnitOfWork:
        return PostgresUnitOfWork(
            PostgresTenants(connection),
            PostgresUsers(connection),
            PostgresGroups(connection),
            PostgresChangeLog(connection, clock=self.clock, outgoing=self.outgoing),
        )
