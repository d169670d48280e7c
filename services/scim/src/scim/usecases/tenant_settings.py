"""What an operator sets for one tenant."""

from dataclasses import dataclass

from kernel.tenant import Tenant
from scim.usecases.ports import TenantSettings


@dataclass(frozen=True, slots=True)
class ReadStrictly:
    """Sets whether a tenant's client is read strictly; in force within 5 s on every replica."""

    settings: TenantSettings

    async def __call__(self, tenant: Tenant, *, strict: bool) -> None:
        """Keep the choice."""
        await self.settings.save(tenant.tenant_id, strict=strict)
