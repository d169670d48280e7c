"""Keeping listings quick: the counts that they read are folded and divided in the background."""

from dataclasses import dataclass

import structlog

from chassis.retry import every
from scim.usecases.ports import ListingCounts

EVEN_OUT_SECONDS = 30.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EvenOutCounts:
    """Evens out the counts of tenants that have grown or shrunk."""

    counts: ListingCounts
    transient: tuple[type[Exception], ...] = ()
    """What storage fails with while the database is away."""

    async def run(self) -> None:
        """Even out again and again, for ever; what is left meanwhile is right, only slower."""
        async for _ in every(EVEN_OUT_SECONDS, beats=True):
            try:
                await self.even_out()
            except self.transient as error:
                log.warning("listing_counts.failed", error=repr(error))

    async def even_out(self) -> None:
        """Even out once; who is busy writing has its turn the next time."""
        for tenant_id, kind in await self.counts.uneven():
            if await self.counts.even_out(tenant_id, kind):
                log.info("listing_counts.evened_out", tenant_id=str(tenant_id), kind=kind)
