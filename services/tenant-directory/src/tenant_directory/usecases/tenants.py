"""Change a tenant: default role, package, status, invitations. Users keep the roles they have."""

from collections.abc import Callable
from dataclasses import dataclass

from chassis.clock import Clock
from tenant_directory.domain.changes import TenantUpdated
from tenant_directory.domain.tenant import Package, Role, Tenant, TenantStatus
from tenant_directory.usecases.find import find_tenant
from tenant_directory.usecases.ports import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SetDefaultRole:
    """Sets the role that newly provisioned users get."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant: str, role: Role | None, *, actor: str) -> Tenant:
        """Set the default role; None provisions users without access."""
        now = self.clock.now()
        return await _change(self.uow, tenant, lambda t: t.with_default_role(role, now), actor)


@dataclass(frozen=True, slots=True)
class SetPackage:
    """Puts a tenant on another package."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant: str, package: Package, *, actor: str) -> Tenant:
        """Set the package."""
        now = self.clock.now()
        return await _change(self.uow, tenant, lambda t: t.with_package(package, now), actor)


@dataclass(frozen=True, slots=True)
class SetTenantStatus:
    """Suspends or resumes a tenant."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant: str, status: TenantStatus, *, actor: str) -> Tenant:
        """Set the status."""
        now = self.clock.now()
        return await _change(self.uow, tenant, lambda t: t.with_status(status, now), actor)


@dataclass(frozen=True, slots=True)
class SetInvitations:
    """Switches the tenant's invitations on or off."""

    uow: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, tenant: str, enabled: bool, *, actor: str) -> Tenant:
        """Set the switch."""
        now = self.clock.now()
        return await _change(self.uow, tenant, lambda t: t.with_invitations(enabled, now), actor)


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
