"""Which tenants may claim domains."""

from kernel.errors import ForbiddenError
from kernel.tenant import Tenant


def refuse_unentitled(tenant: Tenant | None) -> None:
    """Refuse a tenant that is unknown, suspended, or has a package without domain verification."""
    if tenant is None:
        raise ForbiddenError(
            "unknown_tenant", "There is no such tenant, or the directory has not told of it yet."
        )
    if not tenant.is_active:
        raise ForbiddenError(
            "tenant_suspended", f"Tenant {tenant.name} is suspended, so it cannot claim domains."
        )
    if not tenant.has_single_sign_on:
        raise ForbiddenError(
            "package_without_domains",
            f"The package “{tenant.package}” of tenant {tenant.name} has no domain verification. "
            "It comes with smb, professional and business.",
        )
