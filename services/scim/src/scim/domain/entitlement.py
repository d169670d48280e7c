"""Which tenants may be provisioned."""

from kernel.errors import Kind
from kernel.tenant import Tenant
from scim.domain.errors import ScimError


def refuse_without_provisioning(tenant: Tenant) -> None:
    """Raise ScimError unless the tenant's status and package allow provisioning."""
    if not tenant.is_active:
        raise ScimError(
            Kind.FORBIDDEN,
            "This tenant is suspended, so nothing is provisioned; "
            "contact the product's support to have it activated.",
        )
    if not tenant.has_single_sign_on:
        raise ScimError(
            Kind.FORBIDDEN,
            f"Provisioning is not part of the {tenant.package!r} package; upgrade the tenant to "
            "smb, professional or business, then restart provisioning in Entra.",
        )
