"""What can be done with tenants. Users keep the roles they have, whatever changes here."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from chassis.clock import Clock
from chassis.ids import uuid7
from kernel.errors import ConflictError, NotFoundError
from kernel.names import parse_id_leniently
from kernel.tenant import Package, TenantStatus
from tenant_directory.domain.changes import TenantCreated, TenantUpdated
from tenant_directory.domain.tenant import Role, Tenant
from tenant_directory.usecases.paging import all_pages
from tenant_directory.usecases.ports import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class CreateTenant:
    """Creates a tenant under a name that no other tenant has."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, name: str, *, package: Package, default_role: Role | None, actor: str
    ) -> Tenant:
        """Create the tenant, or refuse a name that is taken."""
        tenant = Tenant.create(
            uuid7(), name=name, package=package, default_role=default_role, now=self.clock.now()
        )
        async with self.uow() as work:
            if not await work.tenants.add(tenant):
                raise ConflictError(
                    "tenant-name-taken",
                    f"There is a tenant called '{tenant.name}' already: choose another name.",
                )
            await work.change_log.record(tenant.tenant_id, [TenantCreated(tenant)], actor=actor)
        return tenant


@dataclass(frozen=True, slots=True)
class GetTenant:
    """Reads one tenant."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_name_or_id: str) -> Tenant:
        """Return the tenant of that name or id."""
        async with self.uow() as work:
            return await find_tenant(work, tenant_name_or_id)


@dataclass(frozen=True, slots=True)
class ListTenants:
    """Lists all tenants by name."""

    uow: UnitOfWorkFactory

    def __call__(self) -> AsyncIterator[Tenant]:
        """Yield every tenant."""
        return all_pages(
            self.uow,
            lambda work, after, limit: work.tenants.page(after=after, limit=limit),
            first="",
            key=lambda tenant: tenant.name,
        )


@dataclass(frozen=True, slots=True)
class SetDefaultRole:
    """Sets the role that newly provisioned users get."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant_name_or_id: str, role: Role | None, *, actor: str) -> Tenant:
        """Set the default role; None provisions users without access."""
        now = self.clock.now()
        return await _change(
            self.uow, tenant_name_or_id, lambda tenant: tenant.with_default_role(role, now), actor
        )


@dataclass(frozen=True, slots=True)
class SetPackage:
    """Puts a tenant on another package."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant_name_or_id: str, package: Package, *, actor: str) -> Tenant:
        """Set the package."""
        now = self.clock.now()
        return await _change(
            self.uow, tenant_name_or_id, lambda tenant: tenant.with_package(package, now), actor
        )


@dataclass(frozen=True, slots=True)
class SetTenantStatus:
    """Suspends or resumes a tenant."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant_name_or_id: str, status: TenantStatus, *, actor: str) -> Tenant:
        """Set the status."""
        now = self.clock.now()
        return await _change(
            self.uow, tenant_name_or_id, lambda tenant: tenant.with_status(status, now), actor
        )


@dataclass(frozen=True, slots=True)
class SetInvitations:
    """Switches the tenant's invitations on or off."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant_name_or_id: str, enabled: bool, *, actor: str) -> Tenant:
        """Set the switch."""
        now = self.clock.now()
        return await _change(
            self.uow, tenant_name_or_id, lambda tenant: tenant.with_invitations(enabled, now), actor
        )


async def find_tenant(work: UnitOfWork, name_or_id: str) -> Tenant:
    """Return the tenant of that name or id, locked, or refuse."""
    tenant_id = parse_id_leniently(name_or_id)
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


async def _change(
    uow: UnitOfWorkFactory, name_or_id: str, change: Callable[[Tenant], Tenant], actor: str
) -> Tenant:
    async with uow() as work:
        before = await find_tenant(work, name_or_id)
        tenant = change(before)
        if tenant != before:
            await work.tenants.save(tenant)
            await work.change_log.record(
                tenant.tenant_id, [TenantUpdated(before, tenant)], actor=actor
            )
    return tenant
