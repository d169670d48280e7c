"""Tenants, as far as claims need them."""

from dataclasses import dataclass
from uuid import UUID

from domain_verifier.usecases.ports import Tenants
from kernel.errors import NotFoundError
from kernel.names import parse_id_leniently


@dataclass(frozen=True, slots=True)
class FindTenant:
    """Finds the tenant that an operator means."""

    tenants: Tenants

    async def __call__(self, name_or_id: str) -> UUID:
        """Return the id of the tenant of that name; an id is taken as it is.

        Claims outlive their tenant, whose state is then gone from here.

        Raises:
            NotFoundError: No event from the directory has named such a tenant yet.
            ConflictError: More than one is known by that name.
        """
        tenant_id = parse_id_leniently(name_or_id)
        if tenant_id is not None:
            return tenant_id
        tenant = await self.tenants.find_named(name_or_id.strip())
        if tenant is None:
            raise NotFoundError(
                "tenant-unknown",
                f"There is no tenant {name_or_id}, or the directory has not told of it yet.",
            )
        return tenant.tenant_id
