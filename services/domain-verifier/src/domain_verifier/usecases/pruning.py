"""The end of old history: checks are kept for so many days, claims for ever."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from chassis.clock import Clock
from chassis.retry import every
from domain_verifier.usecases.ports import Claims

PRUNE_SECONDS = 3_600.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pruning:
    """Deletes checks that are older than they need to be."""

    claims: Claims
    clock: Clock
    days: int
    transient: tuple[type[Exception], ...] = ()
    """What storage fails with while the database is away."""

    async def run(self) -> None:
        """Prune every hour, for ever; while the database is away, the next hour does it."""
        async for _ in every(PRUNE_SECONDS, beats=True):
            try:
                await self.prune()
            except self.transient as error:
                log.warning("checks.prune_failed", error=repr(error))

    async def prune(self) -> None:
        """Prune once."""
        pruned = await self.claims.prune_checks(self.clock.now() - timedelta(days=self.days))
        if pruned:
            log.info("checks.pruned", deleted=pruned)
