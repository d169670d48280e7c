"""Look at all that is due, by as many replicas as there are.

Due work is rows with a lease, not timers: what a killed replica held is due again when its lease
runs out, and a result that comes after that is dropped.
"""

from dataclasses import dataclass

from chassis.clock import Clock
from domain_verifier.usecases.examine import Examine
from domain_verifier.usecases.ports import Claims, Lease


@dataclass(frozen=True, slots=True)
class RecheckDue:
    """Look at one due claim."""

    claims: Claims
    examine: Examine
    clock: Clock

    async def lease(self, *, limit: int) -> list[Lease]:
        """Take due claims."""
        return list(await self.claims.lease_due(self.clock.now(), limit=limit))

    async def __call__(self, lease: Lease) -> None:
        """Check a leased claim."""
        await self.examine(lease)
