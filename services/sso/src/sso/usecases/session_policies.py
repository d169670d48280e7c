"""How long people of a tenant stay signed in, as an operator says."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sso.domain.session_policy import SessionPolicy, checked


class SessionPolicies(Protocol):
    """The policies of tenants that have one of their own."""

    async def of(self, tenant_id: UUID) -> SessionPolicy:
        """Return a tenant's, or the deployment's."""
        ...

    async def set(self, tenant_id: UUID, policy: SessionPolicy | None) -> None:
        """Store a tenant's own, or let it have the deployment's."""
        ...


@dataclass(frozen=True, slots=True)
class SetSessionPolicy:
    """Says how long people of a tenant stay signed in."""

    policies: SessionPolicies

    async def __call__(self, tenant_id: UUID, policy: SessionPolicy | None) -> SessionPolicy:
        """Store it and return what holds; sessions that there are keep what they began with."""
        await self.policies.set(tenant_id, None if policy is None else checked(policy))
        return await self.policies.of(tenant_id)


@dataclass(frozen=True, slots=True)
class GetSessionPolicy:
    """Tells how long people of a tenant stay signed in."""

    policies: SessionPolicies

    async def __call__(self, tenant_id: UUID) -> SessionPolicy:
        """Return a tenant's policy, or the deployment's."""
        return await self.policies.of(tenant_id)
