"""Check a claim now, because a person asked."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from chassis.clock import Clock
from domain_verifier.domain.claim import LIVE, Claim, State
from domain_verifier.domain.entitlement import refuse_unentitled
from domain_verifier.usecases.checks import CompletedCheck, RunCheck
from domain_verifier.usecases.ports import Busy, Claims, Quota, SaveOutcome, Tenants
from kernel.errors import ConflictError, NotFoundError, TooManyRequestsError

PAUSE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class CheckClaim:
    """Check a live claim at once, at most every few seconds."""

    claims: Claims
    tenants: Tenants
    run_check: RunCheck
    quota: Quota
    clock: Clock
    pause: timedelta = PAUSE

    async def __call__(self, tenant_id: UUID, claim_id: UUID) -> CompletedCheck:
        """Check the claim and return what was found."""
        claim = await self.claims.find(tenant_id, claim_id)
        if claim is None:
            raise NotFoundError("claim_not_found", "This tenant has no such claim.")
        _refuse_ended(claim)
        if claim.state is State.PENDING:
            refuse_unentitled(await self.tenants.find(tenant_id))
        lease = await self.claims.lease(
            tenant_id,
            claim_id,
            now=self.clock.now(),
            pause=self.pause,
            per_minute=self.quota.checks_per_minute,
        )
        if isinstance(lease, Busy):
            raise TooManyRequestsError(
                "check_too_soon",
                f"{claim.domain.shown} was looked at a moment ago, or is being looked at, or too "
                f"many looks were asked for. Try again in {lease.seconds} seconds.",
                retry_after=lease.seconds,
            )
        completed = await self.run_check(lease, requested=True)
        if completed.save_outcome is SaveOutcome.DROPPED:
            raise ConflictError(
                "claim_changed", "The claim was changed while it was looked at. Look again."
            )
        return completed


def _refuse_ended(claim: Claim) -> None:
    if claim.state not in LIVE:
        raise ConflictError(
            "wrong_state",
            f"The claim to {claim.domain.shown} is {claim.state}. Start a new claim first.",
        )
