"""What this service knows of tenants, and which of them may claim domains."""

from dataclasses import dataclass
from uuid import UUID

from domain_verifier.domain.errors import ForbiddenError

PACKAGES_WITH_DOMAINS = frozenset({"smb", "professional", "business"})


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as the directory last described it."""

    tenant_id: UUID
    name: str
    package: str
    status: str


def refuse_unentitled(tenant: Tenant | None) -> Tenant:
    """Return the tenant if it may claim domains."""
    if tenant is None:
        raise ForbiddenError(
            "unknown_tenant", "There is no such tenant, or the directory has not told of it yet."
        )
    if tenant.status != "active":
        raise ForbiddenError(
            "tenant_suspended", f"Tenant {tenant.name} is suspended, so it cannot claim domains."
        )
    if tenant.package not in PACKAGES_WITH_DOMAINS:
        raise ForbiddenError(
            "package_without_domains",
            f"The package “{tenant.package}” of tenant {tenant.name} has no domain verification. "
            "It comes with smb, professional and business.",
        )
    return tenant
