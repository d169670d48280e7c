"""What can be read of the audit log."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tenant_directory.domain.audit import AuditRecord
from tenant_directory.usecases.paging import all_pages
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


@dataclass(frozen=True, slots=True)
class ExportAuditRecords:
    """Reads a tenant's audit log of some time, however much that is."""

    uow: UnitOfWorkFactory

    async def __call__(
        self, tenant_name_or_id: str, *, since: datetime, until: datetime
    ) -> AsyncIterator[AuditRecord]:
        """Return the records from one moment until before another, oldest first."""
        async with self.uow() as work:
            tenant = await find_tenant(work, tenant_name_or_id)
        return all_pages(
            self.uow,
            lambda work, after, limit: work.change_log.page_from(
                tenant.tenant_id, after=after, since=since, until=until, limit=limit
            ),
            first=0,
            key=lambda record: record.id,
        )
