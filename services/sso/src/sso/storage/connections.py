"""Connections in PostgreSQL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.clock import Clock
from chassis.database import read_queries, transaction
from sso.domain.connection import Connection
from sso.domain.ending import Ending, Reason
from sso.domain.login import PendingLogin
from sso.storage import rows
from sso.storage.endings import Endings
from sso.usecases.ports import ConnectionInUseError, Refresh, TenantConnection, TenantRoute

QUERIES = read_queries("sso.storage", "connections")


@dataclass(frozen=True, slots=True)
class PostgresConnections:
    """The connections of all tenants."""

    pool: asyncpg.Pool
    clock: Clock
    endings: Endings
    committed: Callable[[], None]

    async def add(self, connection: Connection) -> None:
        """Store a new one."""
        await self.pool.execute(
            *QUERIES["insert_connection"](
                tenant_id=connection.tenant_id,
                id=connection.id,
                name=connection.name,
                kind=connection.kind.value,
                created_at=connection.created_at,
            )
        )

    async def list(self, tenant_id: UUID) -> Sequence[Connection]:
        """Return a tenant's, the oldest first."""
        found = await self.pool.fetch(*QUERIES["list_connections"](tenant_id=tenant_id))
        return [rows.connection(row) for row in found]

    async def find(self, connection_id: UUID) -> Connection | None:
        """Return the one that an address names."""
        row = await self.pool.fetchrow(*QUERIES["find_connection"](id=connection_id))
        return None if row is None else rows.connection(row)

    async def find_with_tenant(self, connection_id: UUID) -> TenantConnection | None:
        """Return the one that an address names, with what is known of its tenant."""
        found = await self.find_with_login(connection_id, None)
        return None if found is None else found[0]

    async def find_with_login(
        self, connection_id: UUID, login_id: UUID | None
    ) -> tuple[TenantConnection, PendingLogin | None] | None:
        """Return the same, with its login of that id."""
        query = QUERIES["find_connection_with_login"](id=connection_id, login_id=login_id)
        row = await self.pool.fetchrow(*query)
        if row is None:
            return None
        login = None
        if row["login_id"] is not None:
            login = rows.pending_login(
                {**row, "id": row["login_id"], "connection_id": connection_id}
            )
        return _with_tenant(row), login

    async def find_route(self, domain: str) -> TenantRoute | None:
        """Return where the people of a mail domain sign in, if one tenant holds it."""
        row = await self.pool.fetchrow(*QUERIES["find_route"](domain=domain))
        return None if row is None else TenantRoute(rows.connection(row), rows.tenant(row))

    async def find_routed(self, tenant_id: UUID, domain: str) -> Connection | None:
        """Return the one that the people of a tenant's domain sign in by."""
        query = QUERIES["find_routed_connection"](tenant_id=tenant_id, domain=domain)
        row = await self.pool.fetchrow(*query)
        return None if row is None else rows.connection(row)

    async def change(
        self, connection_id: UUID, decide: Callable[[Connection], Connection]
    ) -> Connection | None:
        """Lock it, decide, store the result; a suspended one's sessions end with it."""
        try:
            async with transaction(self.pool) as database:
                row = await database.fetchrow(*QUERIES["lock_connection"](id=connection_id))
                if row is None:
                    return None
                before = rows.connection(row)
                after = decide(before)
                if after != before:
                    await self._save(database, before, after)
        except asyncpg.UniqueViolationError as error:
            raise ConnectionInUseError from error
        self.committed()
        return after

    async def refresh_of(self, connection: Connection) -> Refresh:
        """Return what became of fetching its metadata again."""
        query = QUERIES["find_refresh"](tenant_id=connection.tenant_id, id=connection.id)
        row = await self.pool.fetchrow(*query)
        if row is None:
            return Refresh()
        return Refresh(row["refreshed_at"], row["refresh_failures"], row["refresh_problem"])

    async def claim_refreshes(
        self, now: datetime, leased_until: datetime, limit: int
    ) -> Sequence[UUID]:
        """Take connections whose metadata is due; nobody else does until the lease is over."""
        query = QUERIES["claim_refreshes"](now=now, leased_until=leased_until, limit=limit)
        return [row["id"] for row in await self.pool.fetch(*query)]

    async def save_refresh(
        self, connection: Connection, now: datetime, due_at: datetime, problem: str | None
    ) -> None:
        """Note what became of it, and when it is due again."""
        await self.pool.execute(
            *QUERIES["save_refresh"](
                tenant_id=connection.tenant_id,
                id=connection.id,
                now=now,
                due_at=due_at,
                problem=problem,
            )
        )

    async def _save(
        self, database: asyncpg.Connection, before: Connection, connection: Connection
    ) -> None:
        await database.execute(
            *QUERIES["save_connection"](
                tenant_id=connection.tenant_id,
                id=connection.id,
                candidate=rows.provider_document(connection.candidate),
                tested=connection.tested,
                active=rows.provider_document(connection.active),
                suspended=connection.suspended,
                version=connection.version,
                previous=rows.provider_document(connection.previous),
                activated_at=connection.activated_at,
                default_client=connection.default_client,
                sign_requests=connection.sign_requests,
                single_logout=connection.single_logout,
                own_domains=list(connection.domains),
                certificates_end=connection.certificates_end,
            )
        )
        if connection.routes != before.routes:
            named = {"tenant_id": connection.tenant_id, "connection_id": connection.id}
            await database.execute(*QUERIES["delete_routes"](**named))
            routes = list(connection.routes)
            await database.execute(*QUERIES["insert_routes"](domains=routes, **named))
        if connection.ends_sessions_of(before):
            ending = Ending(Reason.CONNECTION_SUSPENDED, self.clock.now())
            await self.endings.of_connection(database, connection.tenant_id, connection.id, ending)


def _with_tenant(row: rows.Row) -> TenantConnection:
    return TenantConnection(
        rows.connection(row),
        rows.tenant(row),
        frozenset(row["speaks_for"]),
        row["initiate_login_uri"],
        is_confined=row["is_confined"],
    )
