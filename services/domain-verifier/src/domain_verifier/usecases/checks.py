"""Checks of claims: query DNS with no transaction open, then save the result."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog

from chassis.clock import Clock
from domain_verifier.domain.check_context import CheckContext
from domain_verifier.domain.claim import Claim, State, Transition, put_under_review
from domain_verifier.domain.entitlement import refuse_unentitled
from domain_verifier.domain.evidence import Evidence
from domain_verifier.domain.lifecycle import apply_check
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.quota import Quota
from domain_verifier.usecases.breaker import ReviewBreaker
from domain_verifier.usecases.claims import claim_not_found
from domain_verifier.usecases.ports import (
    Breakers,
    Busy,
    Claims,
    Lease,
    LeaseRequest,
    Prober,
    SaveOutcome,
    Tenants,
    UnsavedCheck,
)
from kernel.errors import ConflictError, ForbiddenError, TooManyRequestsError

log = structlog.get_logger()

PAUSE = timedelta(seconds=10)
"""Between two checks of one claim that people request."""


@dataclass(frozen=True, slots=True)
class CompletedCheck:
    """What a check found and how it was saved: what callers are told."""

    evidence: Evidence
    transition: Transition
    save_outcome: SaveOutcome


@dataclass(frozen=True, slots=True)
class RunCheck:
    """Check a claim under its lease."""

    claims: Claims
    tenants: Tenants
    breakers: Breakers
    review: ReviewBreaker
    prober: Prober
    policy: Policy
    clock: Clock
    jitter: Callable[[], float]
    """A random number from -1 to 1."""
    on_completed: Callable[[CompletedCheck], None] = lambda _completed: None
    """Called with every check whose result was saved, for metrics."""

    async def __call__(self, lease: Lease, *, requested: bool = False) -> CompletedCheck:
        """Query DNS, evaluate, save; for pending claims query the usual mistakes too."""
        claim = lease.claim
        explain = requested or claim.state is State.PENDING
        evidence = await self.prober.probe(claim.subject, explain=explain)
        context = CheckContext(
            self.clock.now(),
            self.policy,
            jitter=self.jitter(),
            breaker=await self.breakers.current(),
            refusal=await self._refusal(claim),
            requested=requested,
        )
        transition = apply_check(claim, evidence, context)
        if transition.is_adverse:
            # Never on a breaker that was counted some time ago.
            transition = apply_check(claim, evidence, replace(context, breaker=await self.review()))
        completed = await self._save(lease, evidence, transition, context)
        _log(claim, completed)
        if completed.save_outcome is not SaveOutcome.DROPPED:
            self.on_completed(completed)
        return completed

    async def _save(
        self, lease: Lease, evidence: Evidence, transition: Transition, context: CheckContext
    ) -> CompletedCheck:
        under_review = put_under_review(
            transition.claim, since=lease.claim.review_since, now=context.now, policy=self.policy
        )
        result = UnsavedCheck(lease, transition, evidence, context.now, if_held=under_review)
        save_outcome = await self.claims.save_check(result)
        return CompletedCheck(
            evidence,
            under_review if save_outcome is SaveOutcome.DOMAIN_HELD else transition,
            save_outcome,
        )

    async def _refusal(self, claim: Claim) -> str | None:
        """Return why the tenant may not verify the claim now; what is held is watched on."""
        if claim.state is not State.PENDING:
            return None
        try:
            refuse_unentitled(await self.tenants.find(claim.tenant_id))
        except ForbiddenError as error:
            return error.sentence
        return None


@dataclass(frozen=True, slots=True)
class CheckClaim:
    """Check a live claim at once, because a person requested it."""

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
            raise claim_not_found()
        _refuse_ended(claim)
        if claim.state is State.PENDING:
            refuse_unentitled(await self.tenants.find(tenant_id))
        completed = await self.run_check(await self._lease(claim), requested=True)
        if completed.save_outcome is SaveOutcome.DROPPED:
            raise ConflictError(
                "claim_changed", "The claim was changed while it was looked at. Look again."
            )
        return completed

    async def _lease(self, claim: Claim) -> Lease:
        request = LeaseRequest(
            claim.tenant_id,
            claim.claim_id,
            now=self.clock.now(),
            pause=self.pause,
            per_minute=self.quota.checks_per_minute,
        )
        lease = await self.claims.lease(request)
        if isinstance(lease, Busy):
            raise TooManyRequestsError(
                "check_too_soon",
                f"{claim.domain.shown} was looked at a moment ago, or is being looked at, or too "
                f"many looks were asked for. Try again in {lease.seconds} seconds.",
                retry_after=lease.seconds,
            )
        return lease


def _refuse_ended(claim: Claim) -> None:
    if not claim.is_live:
        raise ConflictError(
            "wrong_state",
            f"The claim to {claim.domain.shown} is {claim.state}. Start a new claim first.",
        )


def _log(claim: Claim, completed: CompletedCheck) -> None:
    log.info(
        "claim.checked",
        tenant_id=str(claim.tenant_id),
        claim_id=str(claim.claim_id),
        domain=claim.domain.ascii,
        outcome=completed.evidence.outcome.value,
        reason=completed.evidence.reason.value,
        before=claim.state.value,
        after=completed.transition.claim.state.value,
        settled=completed.save_outcome.value,
    )
