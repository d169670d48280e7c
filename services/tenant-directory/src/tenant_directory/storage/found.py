"""The tenant columns that come along when a user or group is looked up."""

from uuid import UUID

import asyncpg

from tenant_directory.domain.tenant import Package, Tenant, TenantStatus
from tenant_directory.storage.rows import role_of


def to_found_tenant(tenant_id: UUID, row: asyncpg.Record) -> Tenant:
    """Return the tenant of a row of `find_user` or `find_group`."""
    return Tenant(
        tenant_id=tenant_id,
        name=row["tenant_name"],
        package=Package(row["package"]),
        status=TenantStatus(row["tenant_status"]),
        default_role=role_of(row["default_role"]),
        invitations_enabled=row["invitations_enabled"],
        version=row["tenant_version"],
        created_at=row["tenant_created_at"],
        updated_at=row["tenant_updated_at"],
    )
