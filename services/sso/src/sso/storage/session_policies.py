"""Session policies of tenants in PostgreSQL; what serves keeps them for half a minute."""

from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from chassis.database import read_queries
from chassis.expiring import Expiring
from sso.domain.session_policy import SessionPolicy

QUERIES = read_queries("sso.storage", "session_policies")
KEPT_SECONDS = 30.0
KEPT_TENANTS = 10_000


@dataclass(frozen=True, slots=True)
class PostgresSessionPolicies:
    """The policies of all tenants."""

    pool: asyncpg.Pool
    default: SessionPolicy
    """The deployment's."""
    _known: Expiring[UUID, SessionPolicy] = field(default_factory=lambda: Expiring(KEPT_TENANTS))

    async def of(self, tenant_id: UUID) -> SessionPolicy:
        """Return a tenant's, or the deployment's, as it was half a minute ago at most."""
        known = self._known.get(tenant_id)
        if known is not None:
            return known
        row = await self.pool.fetchrow(*QUERIES["find_policy"](tenant_id=tenant_id))
        found = self.default if row is None else SessionPolicy(row["idle"], row["lifetime"])
        self._known.put(tenant_id, found, self._known.clock() + KEPT_SECONDS)
        return found

    async def set(self, tenant_id: UUID, policy: SessionPolicy | None) -> None:
        """Store a tenant's own, or let it have the deployment's."""
        if policy is None:
            query = QUERIES["delete_policy"](tenant_id=tenant_id)
        else:
            query = QUERIES["save_policy"](
                tenant_id=tenant_id, idle=policy.idle, lifetime=policy.lifetime
            )
        await self.pool.execute(*query)
        self._known.put(tenant_id, policy or self.default, self._known.clock())
