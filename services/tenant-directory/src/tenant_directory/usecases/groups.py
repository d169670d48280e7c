"""Find what people name: a tenant by name or id, a user by user name or id, a group likewise."""

from uuid import UUID

from tenant_directory.domain.errors import ConflictError, NotFoundError
from tenant_directory.domain.group import Group
from tenant_directory.domain.names import name_key, parse_uuid
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import User
from tenant_directory.usecases.ports import UnitOfWork


async def find_tenant(work: UnitOfWork, name_or_id: str) -> Tenant:
    """Return the tenant of that name or id."""
    tenant_id = parse_uuid(name_or_id)
    if tenant_id is None:
        tenant = await work.tenants.by_name(name_or_id.strip().lower())
    else:
        tenant = await work.tenants.by_id(tenant_id)
    if tenant is None:
        raise NotFoundError(
            "tenant-unknown",
            f"There is no tenant '{name_or_id}': `tenant list` shows all, "
            "`tenant create` makes one.",
        )
    return tenant


async def find_user(work: UnitOfWork, tenant: Tenant, name_or_id: str) -> User:
    """Return the tenant's user of that user name or id."""
    user_id = parse_uuid(name_or_id)
    if user_id is None:
        user = await work.users.by_name(tenant.tenant_id, name_key(name_or_id.strip()))
    else:
        user = (await work.users.find(tenant.tenant_id, user_id, None)).user
    if user is None:
        raise NotFoundError(
            "user-unknown",
            f"Tenant '{tenant.name}' has no user '{name_or_id}': "
            f"`user list --tenant {tenant.name}` shows all.",
        )
    return user


async def find_group(work: UnitOfWork, tenant: Tenant, name_or_id: str) -> Group:
    """Return the tenant's group of that display name or id."""
    group_id = parse_uuid(name_or_id)
    if group_id is None:
        groups = await work.groups.named(tenant.tenant_id, name_or_id.strip())
    else:
        groups = await _group_by_id(work, tenant.tenant_id, group_id)
    if not groups:
        raise NotFoundError(
            "group-unknown",
            f"Tenant '{tenant.name}' has no group '{name_or_id}': "
            f"`group list --tenant {tenant.name}` shows all.",
        )
    if len(groups) > 1:
        ids = ", ".join(str(group.group_id) for group in groups)
        raise ConflictError(
            "group-ambiguous",
            f"Tenant '{tenant.name}' has several groups '{name_or_id}': name one by id ({ids}).",
        )
    return groups[0]


async def _group_by_id(work: UnitOfWork, tenant_id: UUID, group_id: UUID) -> list[Group]:
    group = (await work.groups.find(tenant_id, group_id)).group
    return [] if group is None else [group]
