"""Searches without an index: few at once, and no tenant queues up before the others."""

import asyncio
from uuid import UUID

import pytest

from chassis.ids import uuid7
from kernel.errors import Kind
from scim.domain.errors import ScimError
from scim.storage.scan_limit import ScanLimit


async def test_a_tenant_that_searches_too_much_is_told_to_come_back() -> None:
    scans = ScanLimit(concurrent=1, per_tenant=2)
    acme, other = uuid7(), uuid7()
    release, running = asyncio.Event(), 0

    async def search(tenant_id: UUID) -> None:
        nonlocal running
        async with scans.slot(tenant_id):
            running += 1
            assert running == 1
            await release.wait()
            running -= 1

    tasks = [asyncio.create_task(search(acme)) for _ in range(2)]
    tasks.append(asyncio.create_task(search(other)))
    await asyncio.sleep(0)
    with pytest.raises(ScimError, match="no index") as refused:
        await search(acme)
    assert refused.value.kind is Kind.UNAVAILABLE
    release.set()
    await asyncio.gather(*tasks)
    await search(acme)
    assert not scans._pending
