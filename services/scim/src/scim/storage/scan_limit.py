"""Limits searches that read all of a tenant's documents, so that they leave the database to others.

A few run at once, and a few of one tenant wait; any more are refused with "try again".
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from scim.domain.errors import unavailable

CONCURRENT = 2
PER_TENANT = 6


class ScanLimit:
    """Slots for scans in one process."""

    def __init__(self, concurrent: int = CONCURRENT, per_tenant: int = PER_TENANT) -> None:
        self._slots = asyncio.Semaphore(concurrent)
        self._per_tenant = per_tenant
        self._pending: Counter[UUID] = Counter()

    @asynccontextmanager
    async def slot(self, tenant_id: UUID) -> AsyncIterator[None]:
        """Wait for a slot; raises ScimError when too many of the tenant wait already."""
        if self._pending[tenant_id] >= self._per_tenant:
            raise unavailable(
                "Too many searches at once by an attribute that has no index; try again, or match "
                "users by userName, externalId or the work address.",
            )
        self._pending[tenant_id] += 1
        try:
            async with self._slots:
                yield
        finally:
            self._pending[tenant_id] -= 1
            if not self._pending[tenant_id]:
                del self._pending[tenant_id]
