"""Check a claim now, because a person asked."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from uuid import UUID

from chassis.clock import Clock
from domain_verifier.domain.claim import LIVE, Claim
from domain_verifier.domain.errors import ConflictError, NotFoundError, TooManyRequestsError
from domain_verifier.usecases.examine import Examine, Examined
from domain_verifier.usecases.ports import Breakers, Claims, Settled

PAUSE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class CheckClaim:
    """Look at a live claim at once, at most every few seconds."""

    claims: Claims
    breakers: Breakers
    examine: Examine
    clock: Clock
    pause: timedelta = PAUSE

    async def __call__(self, tenant_id: UUID, claim_id: UUID) -> Examined:
        """Check the claim and return what was found."""
        claim = await self.claims.find(tenant_id, claim_id)
        if claim is None:
            raise NotFoundError("claim_not_found", "This tenant has no such claim.")
        _refuse_ended(claim)
        lease = await self.claims.lease(tenant_id, claim_id, now=self.clock.now(), pause=self.pause)
        if lease is None:
            raise TooManyRequestsError(
                "check_too_soon",
                f"{claim.domain.shown} was looked at a moment ago, or is being looked at. "
                f"Try again in {ceil(self.pause.total_seconds())} seconds.",
                retry_after=ceil(self.pause.total_seconds()),
            )
        breaker = await self.breakers.current()
        examined = await self.examine(lease, braked=breaker.opened_at is not None, explain=True)
        if examined.settled is Settled.LOST:
            raise ConflictError(
                "claim_changed", "The claim was changed while it was looked at. Look again."
            )
        return examined


def _refuse_ended(claim: Claim) -> None:
    if claim.state not in LIVE:
        raise ConflictError(
            "wrong_state",
            f"The claim to {claim.domain.shown} is {claim.state}. Start a new claim first.",
        )
