"""Show tenants, users, groups and the audit log; lists come in pages, however long they are."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from tenant_directory.domain.audit import AuditRecord
from tenant_directory.domain.group import Group
from tenant_directory.domain.tenant import Tenant
from tenant_directory.domain.user import User
from tenant_directory.usecases.find import find_group, find_tenant, find_user
from tenant_directory.usecases.ports import GroupSummary, Member, UnitOfWorkFactory, UserSummary

PAGE = 1_000
MEMBERS_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class ShowTenant:
    """Shows one tenant."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant: str) -> Tenant:
        """Return the tenant of that name or id."""
        async with self.uow() as work:
            return await find_tenant(work, tenant)


@dataclass(frozen=True, slots=True)
class ListTenants:
    """Lists all tenants by name."""

    uow: UnitOfWorkFactory

    async def __call__(self) -> AsyncIterator[Tenant]:
        """Yield every tenant."""
        after = ""
        while True:
            async with self.uow() as work:
                page = await work.tenants.page(after=after, limit=PAGE)
            for tenant in page:
                yield tenant
            if len(page) < PAGE:
                return
            after = page[-1].name


@dataclass(frozen=True, slots=True)
class UserDetails:
    """A user with its groups."""

    tenant: Tenant
    user: User
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class ShowUser:
    """Shows one user with its groups."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant: str, user: str) -> UserDetails:
        """Return the user of that user name or id."""
        async with self.uow() as work:
            home = await find_tenant(work, tenant)
            found = await find_user(work, home, user)
            groups = await work.users.groups_of(home.tenant_id, found.user_id)
        return UserDetails(home, found, groups)


@dataclass(frozen=True, slots=True)
class ListUsers:
    """Lists all users of a tenant in the order they were created."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_id: UUID) -> AsyncIterator[UserSummary]:
        """Yield every user once, those that exist from beginning to end without fail."""
        after: UUID | None = None
        while True:
            async with self.uow() as work:
                page = await work.users.page(tenant_id, after=after, limit=PAGE)
            for summary in page:
                yield summary
            if len(page) < PAGE:
                return
            after = page[-1].user.user_id


@dataclass(frozen=True, slots=True)
class ShowGroup:
    """Shows one group."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant: str, group: str) -> Group:
        """Return the group of that display name or id."""
        async with self.uow() as work:
            home = await find_tenant(work, tenant)
            return await find_group(work, home, group)


@dataclass(frozen=True, slots=True)
class ListGroups:
    """Lists all groups of a tenant in the order they were created."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_id: UUID) -> AsyncIterator[GroupSummary]:
        """Yield every group."""
        after: UUID | None = None
        while True:
            async with self.uow() as work:
                page = await work.groups.page(tenant_id, after=after, limit=PAGE)
            for summary in page:
                yield summary
            if len(page) < PAGE:
                return
            after = page[-1].group.group_id


@dataclass(frozen=True, slots=True)
class ListMembers:
    """Lists all members of a group."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_id: UUID, group_id: UUID) -> AsyncIterator[Member]:
        """Yield every member."""
        after: UUID | None = None
        while True:
            async with self.uow() as work:
                page = await work.groups.members(
                    tenant_id, group_id, after=after, limit=MEMBERS_PAGE
                )
            for member in page:
                yield member
            if len(page) < MEMBERS_PAGE:
                return
            after = page[-1].user_id


@dataclass(frozen=True, slots=True)
class ListAudit:
    """Lists the newest entries of a tenant's audit log."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant: str, *, limit: int) -> Sequence[AuditRecord]:
        """Return up to `limit` records, newest first."""
        async with self.uow() as work:
            home = await find_tenant(work, tenant)
            return await work.change_log.page(home.tenant_id, before=None, limit=limit)
