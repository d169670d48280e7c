"""Which tenants' people may sign in by an identity provider."""

from uuid import UUID

from kernel.errors import ForbiddenError
from kernel.tenant import Tenant
from sso.usecases.ports import Tenants


def may_sign_on(tenant: Tenant | None) -> bool:
    """Tell whether a tenant is active and its package has single sign-on."""
    return tenant is not None and tenant.is_active and tenant.has_single_sign_on


async def is_entitled(tenants: Tenants, tenant_id: UUID) -> bool:
    """Tell the same of a tenant by its id."""
    return may_sign_on(await tenants.find(tenant_id))


def refuse_without_sign_on(tenant: Tenant) -> None:
    """Raise ForbiddenError unless the tenant may have connections."""
    if not tenant.has_single_sign_on:
        raise ForbiddenError(
            "package-without-sign-on",
            f"Single sign-on is not part of the {tenant.package!r} package; upgrade the tenant to "
            "smb, professional or business.",
        )
    if not tenant.is_active:
        raise ForbiddenError("tenant-suspended", "The tenant is suspended.")
