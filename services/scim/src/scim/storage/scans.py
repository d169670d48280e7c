"""Keeps searches that read all of a tenant's documents from taking the database for themselves.

A few run at once, and of one tenant a few wait; the rest is told to come back.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from scim.domain.errors import Kind, ScimError

AT_ONCE = 2
OF_A_TENANT = 6


class Scans:
    """The places of one process."""

    def __init__(self, at_once: int = AT_ONCE, of_a_tenant: int = OF_A_TENANT) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._of_a_tenant = of_a_tenant
        self._under_way: Counter[UUID] = Counter()

    @asynccontextmanager
    async def turn(self, tenant_id: UUID) -> AsyncIterator[None]:
        """Wait for a place; raises ScimError when too much of the tenant waits already."""
        if self._under_way[tenant_id] >= self._of_a_tenant:
            raise ScimError(
                Kind.UNAVAILABLE,
                "Too many searches at once by an attribute that has no index; try again, or match "
                "users by userName, externalId or the work address.",
            )
        self._under_way[tenant_id] += 1
        try:
            async with self._places:
                yield
        finally:
            self._under_way[tenant_id] -= 1
            if not self._under_way[tenant_id]:
                del self._under_way[tenant_id]
