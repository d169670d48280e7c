"""Tenants, as far as claims need them."""

from dataclasses import dataclass
from uuid import UUID

from domain_verifier.domain.text import is_single_line
from domain_verifier.usecases.ports import Tenants
from kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class FindTenant:
    """Find a tenant by its name or id."""

    tenants: Tenants

    async def __call__(self, text: str) -> UUID:
        """Return the id of the tenant of that name; an id is taken as it is.

        Claims may outlive the directory's record of their tenant.
        """
        try:
            return UUID(text)
        except ValueError:
            tenant = await self.tenants.find_named(text) if is_single_line(text) else None
        if tenant is None:
            raise NotFoundError(
                "tenant_not_found",
                f"There is no tenant {text}, or the directory has not told of it yet.",
            )
        return tenant.tenant_id
