"""The end of old history: checks are kept for so many days, claims for ever."""

from dataclasses import dataclass
from datetime import timedelta

from chassis.clock import Clock
from domain_verifier.usecases.ports import Claims


@dataclass(frozen=True, slots=True)
class Pruning:
    """Deletes checks that are older than they need to be."""

    claims: Claims
    clock: Clock
    days: int

    async def prune(self) -> int:
        """Delete them in batches, and return how many there were."""
        return await self.claims.prune_checks(self.clock.now() - timedelta(days=self.days))
