"""Look at all that is due, by as many replicas as there are.

Due work is rows with a lease, not timers: what a killed replica held is due again when its lease
runs out, and a result that comes after that is dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from chassis.clock import Clock
from domain_verifier.domain.breaker import Breaker, reconsider
from domain_verifier.domain.claim import State
from domain_verifier.domain.policy import Policy
from domain_verifier.usecases.examine import Examine, Examined
from domain_verifier.usecases.ports import Breakers, Claims, Lease

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReviewBreaker:
    """Count the suspects and open or close the breaker."""

    breakers: Breakers
    policy: Policy
    clock: Clock

    async def __call__(self) -> Breaker:
        """Return the breaker as it stands now."""
        now = self.clock.now()
        before = await self.breakers.current()
        after = await self.breakers.change(
            lambda breaker, count: reconsider(breaker, count, now=now, policy=self.policy),
            since=lambda breaker: breaker.suspects_since(now, self.policy),
        )
        if before.opened_at is None and after.opened_at is not None:
            log.critical("breaker.opened", reason="many held domains turned absent at once")
        if before.opened_at is not None and after.opened_at is None:
            log.warning("breaker.closed", opened_at=before.opened_at.isoformat())
        return after


@dataclass(frozen=True, slots=True)
class RecheckDue:
    """Look at one due claim."""

    claims: Claims
    examine: Examine
    clock: Clock
    examined: Callable[[Examined], None]
    """Told of every check, for metrics."""

    async def lease(self, *, limit: int) -> list[Lease]:
        """Take due claims."""
        return list(await self.claims.lease_due(self.clock.now(), limit=limit))

    async def __call__(self, lease: Lease, *, braked: bool) -> None:
        """Check a leased claim; only pending ones are searched for the usual mistakes."""
        pending = lease.claim.state is State.PENDING
        self.examined(await self.examine(lease, braked=braked, explain=pending))
