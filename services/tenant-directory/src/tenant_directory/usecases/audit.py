"""What can be read of the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenant_directory.domain.audit import AuditRecord
from tenant_directory.usecases.ports import UnitOfWorkFactory
from tenant_directory.usecases.tenants import find_tenant


@dataclass(frozen=True, slots=True)
class ListAuditRecords:
    """Lists the newest entries of a tenant's audit log."""

    uow: UnitOfWorkFactory

    async def __call__(self, tenant_name_or_id: str, *, limit: int) -> Sequence[AuditRecord]:
        """Return up to `limit` records, newest first."""
        async with self.uow() as work:
            tenant = await find_tenant(work, tenant_name_or_id)
            return await work.change_log.page(tenant.tenant_id, before=None, limit=limit)
