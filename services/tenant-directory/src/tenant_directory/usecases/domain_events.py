"""What events from the domain verifier change: one entry of the tenant's audit log each."""

from dataclasses import dataclass
from uuid import UUID

from tenant_directory.domain.audit import DOMAIN_VERIFIER_ACTOR
from tenant_directory.domain.changes import DomainChanged
from tenant_directory.usecases.event_tenant import require_tenant
from tenant_directory.usecases.ports import EventUnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RecordDomainChange:
    """Writes a change of a domain claim to the audit log, and publishes nothing."""

    uow: EventUnitOfWorkFactory

    async def __call__(self, tenant_id: UUID, change: DomainChanged) -> None:
        """Record the change; one of an unknown tenant is refused."""
        async with self.uow() as work:
            require_tenant(await work.tenants.by_id(tenant_id), tenant_id)
            await work.change_log.record(tenant_id, [change], actor=DOMAIN_VERIFIER_ACTOR)
