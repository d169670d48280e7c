"""Record what became of a tenant's claim to a domain."""

from dataclasses import dataclass
from uuid import UUID

from tenant_directory.domain.changes import DomainChanged
from tenant_directory.usecases.idp import known
from tenant_directory.usecases.ports import UnitOfWorkFactory

DOMAIN_ACTOR = "domain-verifier"
"""Who the audit log names for what became of domains; who asked for it is among the details."""


@dataclass(frozen=True, slots=True)
class RecordDomainEvent:
    """Writes one line of the tenant's audit log, and tells the bus nothing."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_id: UUID, change: DomainChanged) -> None:
        """Record the change; one of an unknown tenant is refused."""
        async with self.uow() as work:
            known(await work.tenants.by_id(tenant_id), tenant_id)
            await work.change_log.record(tenant_id, [change], actor=DOMAIN_ACTOR)
