"""Users, bindings and domains in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from kernel.names import comparison_key
from kernel.tenant import Tenant
from sso.domain.ending import Ending
from sso.domain.login import User
from sso.storage import rows
from sso.storage.endings import Endings

QUERIES = read_queries("sso.storage", "people")


@dataclass(frozen=True, slots=True)
class PostgresPeople:
    """Users, their bindings, and the domains of their tenants."""

    pool: asyncpg.Pool

    async def tenant_of_domain(self, domain: str) -> UUID | None:
        """Return the tenant that holds a domain, if exactly one does."""
        found = await self.pool.fetch(*QUERIES["find_domain_holders"](domain=domain))
        return found[0]["tenant_id"] if len(found) == 1 else None

    async def domains(self, tenant_id: UUID) -> frozenset[str]:
        """Return the domains that a tenant holds."""
        found = await self.pool.fetch(*QUERIES["list_domains"](tenant_id=tenant_id))
        return frozenset(row["domain"] for row in found)

    async def tenant_with_domains(self, tenant_id: UUID) -> tuple[Tenant, frozenset[str]] | None:
        """Return what is known of a tenant, with the domains that it holds."""
        query = QUERIES["find_tenant_with_domains"](tenant_id=tenant_id)
        row = await self.pool.fetchrow(*query)
        if row is None:
            return None
        tenant = Tenant(row["tenant_id"], row["name"], row["package"], row["status"])
        return tenant, frozenset(row["held"])

    async def bound(self, tenant_id: UUID, connection_id: UUID, subject: str) -> User | None:
        """Return the user that a subject is bound to."""
        row = await self.pool.fetchrow(
            *QUERIES["find_bound_user"](
                tenant_id=tenant_id, connection_id=connection_id, subject=subject
            )
        )
        return None if row is None else rows.user(row)

    async def bound_subjects(
        self, tenant_id: UUID, connection_id: UUID, user_id: UUID
    ) -> Sequence[str]:
        """Return the subjects that a user is bound to."""
        found = await self.pool.fetch(
            *QUERIES["list_bound_subjects"](
                tenant_id=tenant_id, connection_id=connection_id, user_id=user_id
            )
        )
        return [row["subject"] for row in found]

    async def with_external_id(self, tenant_id: UUID, external_id: str) -> Sequence[User]:
        """Return the users with an external id, two at most."""
        query = QUERIES["find_by_external_id"](tenant_id=tenant_id, external_id=external_id)
        return [rows.user(row) for row in await self.pool.fetch(*query)]

    async def with_address(self, tenant_id: UUID, key: str) -> Sequence[User]:
        """Return the users whose user name or address has a comparison key, two at most."""
        query = QUERIES["find_by_address"](tenant_id=tenant_id, key=key)
        return [rows.user(row) for row in await self.pool.fetch(*query)]

    async def find(self, tenant_id: UUID, user_id: UUID) -> User | None:
        """Return a user."""
        query = QUERIES["find_user"](tenant_id=tenant_id, user_id=user_id)
        row = await self.pool.fetchrow(*query)
        return None if row is None else rows.user(row)


@dataclass(frozen=True, slots=True)
class PostgresDirectory:
    """What the bus says of users and domains, in the transaction of the event that brought it."""

    connection: asyncpg.Connection
    endings: Endings

    async def save_user(self, user: User) -> str | None:
        """Keep a user as the directory describes it now, and return the role that it had."""
        role: str | None = await self.connection.fetchval(
            *QUERIES["save_user"](
                tenant_id=user.tenant_id,
                id=user.id,
                user_name=user.user_name,
                user_name_key=comparison_key(user.user_name),
                external_id=user.external_id,
                email=user.email,
                email_key=comparison_key(user.email) if user.email else None,
                display_name=user.display_name,
                given_name=user.given_name,
                family_name=user.family_name,
                role=user.role,
                active=user.active,
            )
        )
        return role

    async def remove_user(self, tenant_id: UUID, user_id: UUID) -> None:
        """Forget a user with its bindings."""
        await self.connection.execute(*QUERIES["delete_user"](tenant_id=tenant_id, id=user_id))

    async def end_sessions(self, tenant_id: UUID, user_id: UUID, ending: Ending) -> None:
        """End every session and login of a user."""
        await self.endings.of_user(self.connection, tenant_id, user_id, ending)

    async def end_sessions_of_tenant(self, tenant_id: UUID, ending: Ending) -> None:
        """End every session and login of a tenant."""
        await self.endings.of_tenant(self.connection, tenant_id, ending)

    async def save_domain(self, tenant_id: UUID, domain: str) -> None:
        """Note that a tenant holds a domain."""
        query = QUERIES["save_domain"](tenant_id=tenant_id, domain=domain)
        await self.connection.execute(*query)

    async def remove_domain(self, tenant_id: UUID, domain: str) -> None:
        """Note that a tenant holds a domain no longer."""
        query = QUERIES["delete_domain"](tenant_id=tenant_id, domain=domain)
        await self.connection.execute(*query)

    async def remove_tenant(self, tenant_id: UUID) -> None:
        """Forget what is kept of a tenant that is gone."""
        for what in ("connections", "users", "domains", "policy"):
            query = QUERIES[f"delete_tenant_{what}"](tenant_id=tenant_id)
            await self.connection.execute(*query)
