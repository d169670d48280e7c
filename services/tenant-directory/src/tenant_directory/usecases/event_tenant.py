"""The tenant that an event from the bus is about."""

from uuid import UUID

from kernel.errors import NotFoundError
from tenant_directory.domain.tenant import Tenant


def require_tenant(tenant: Tenant | None, tenant_id: UUID) -> Tenant:
    """Return the tenant, or refuse an event about one that the directory never made.

    Package and status do not matter here: the SCIM service refuses such tenants at its edge, and
    what it accepted before must not be lost, least of all a deactivation.
    """
    if tenant is None:
        raise NotFoundError(
            "tenant-unknown",
            f"The directory knows no tenant {tenant_id}: find out who sent this event, "
            "then redrive or skip it.",
        )
    return tenant
