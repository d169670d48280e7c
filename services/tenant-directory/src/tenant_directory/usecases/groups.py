"""What can be read of groups; only the identity provider changes them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from kernel.errors import ConflictError, NotFoundError
from kernel.names import parse_id_leniently
from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Tenant
from tenant_directory.usecases.paging import all_pages
from tenant_directory.usecases.ports import (
    LOWEST_ID,
    GroupSummary,
    Member,
    UnitOfWork,
    UnitOfWorkFactory,
)
from tenant_directory.usecases.tenants import find_tenant


@dataclass(frozen=True, slots=True)
class GetGroup:
    """Reads one group."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_name_or_id: str, group_name_or_id: str) -> Group:
        """Return the group of that display name or id."""
        async with self.uow() as work:
            tenant = await find_tenant(work, tenant_name_or_id)
            return await _find_group(work, tenant, group_name_or_id)


@dataclass(frozen=True, slots=True)
class ListGroups:
    """Lists all groups of a tenant in the order they were created."""

    uow: UnitOfWorkFactory

    def __call__(self, tenant_id: UUID) -> AsyncIterator[GroupSummary]:
        """Yield every group."""
        return all_pages(
            self.uow,
            lambda work, after, limit: work.groups.page(tenant_id, after=after, limit=limit),
            first=LOWEST_ID,
            key=lambda summary: summary.group.group_id,
        )


@dataclass(frozen=True, slots=True)
class ListMembers:
    """Lists all members of a group."""

    uow: UnitOfWorkFactory

    def __call__(self, tenant_id: UUID, group_id: UUID) -> AsyncIterator[Member]:
        """Yield every member, by id."""
        return all_pages(
            self.uow,
            lambda work, after, limit: work.groups.members(
                tenant_id, group_id, after=after, limit=limit
            ),
            first=LOWEST_ID,
            key=lambda member: member.user_id,
        )


async def _find_group(work: UnitOfWork, tenant: Tenant, name_or_id: str) -> Group:
    group_id = parse_id_leniently(name_or_id)
    if group_id is None:
        groups = await work.groups.named(tenant.tenant_id, name_or_id.strip())
    else:
        group = (await work.groups.find(tenant.tenant_id, group_id)).group
        groups = [] if group is None else [group]
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
