"""Create a tenant."""

from dataclasses import dataclass

from chassis.clock import Clock
from chassis.ids import uuid7
from tenant_directory.domain.changes import TenantCreated
from tenant_directory.domain.errors import ConflictError
from tenant_directory.domain.tenant import Package, Role, Tenant
from tenant_directory.usecases.ports import UnitOfWorkFactory


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
