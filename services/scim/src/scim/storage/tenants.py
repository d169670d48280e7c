"""What this service knows of the directory, in PostgreSQL: tenants and hand-made users."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import load_queries
from scim.domain.keys import id_of
from scim.domain.user import User
from scim.protocol.bodies import encode_document
from scim.storage.rows import Row, user_values
from scim.usecases.ports import Tenant

TENANTS = load_queries("scim.storage", "tenants")
USERS = load_queries("scim.storage", "directory")


@dataclass(frozen=True, slots=True)
class PostgresTenants:
    """The tenants as the directory last described them."""

    pool: asyncpg.Pool

    async def find(self, name_or_id: str) -> Tenant | None:
        """Return a tenant by its id or its name in any case."""
        tenant_id = id_of(name_or_id)
        row = await self.pool.fetchrow(TENANTS["find_tenant_by_name"], name_or_id)
        if row is None and tenant_id is not None:
            row = await self.pool.fetchrow(TENANTS["find_tenant"], tenant_id)
        return None if row is None else _tenant(row)


@dataclass(frozen=True, slots=True)
class PostgresDirectory:
    """Takes over the directory's state in the transaction of the event that brought it."""

    connection: asyncpg.Connection

    async def keep_tenant(self, tenant: Tenant) -> None:
        """Take over what the directory says about a tenant."""
        await self.connection.execute(
            TENANTS["upsert_tenant"], tenant.id, tenant.name, tenant.package, tenant.status
        )

    async def forget_tenant(self, tenant_id: UUID) -> None:
        """Forget a tenant and its tokens."""
        await self.connection.execute(TENANTS["delete_tenant"], tenant_id)

    async def keep_user(self, tenant_id: UUID, user: User, at: datetime) -> None:
        """Take over a hand-made user, unless the provider has a better claim to it."""
        await self.connection.execute(
            USERS["drop_shadowed_user"], tenant_id, user.id, user.user_name_key
        )
        document = encode_document(user.document)
        values = user_values(user, document)
        await self.connection.execute(
            USERS["upsert_directory_user"], tenant_id, *values[:9], at, document
        )

    async def forget_user(self, tenant_id: UUID, user_id: UUID) -> None:
        """Forget a hand-made user that has left the directory."""
        await self.connection.execute(USERS["delete_directory_user"], tenant_id, user_id)


def _tenant(row: Row) -> Tenant:
    return Tenant(row["tenant_id"], row["name"], row["package"], row["status"])
