"""Tenants, as far as connections need them."""

from dataclasses import dataclass

from kernel.errors import NotFoundError
from kernel.names import parse_id_leniently
from kernel.tenant import Tenant
from sso.usecases.ports import Tenants


@dataclass(frozen=True, slots=True)
class FindTenant:
    """Finds the tenant that an operator means."""

    tenants: Tenants

    async def __call__(self, name_or_id: str) -> Tenant:
        """Return the tenant of that name or id.

        Raises:
            NotFoundError: No event from the directory has named such a tenant yet.
            ConflictError: More than one is known by that name.
        """
        tenant_id = parse_id_leniently(name_or_id)
        if tenant_id is None:
            tenant = await self.tenants.find_named(name_or_id.strip())
        else:
            tenant = await self.tenants.find(tenant_id)
        if tenant is None:
            raise NotFoundError(
                "tenant-unknown",
                f"sso has not heard of tenant {name_or_id!r} yet: is the name right, "
                "and are the directory's and this service's workers running?",
            )
        return tenant
