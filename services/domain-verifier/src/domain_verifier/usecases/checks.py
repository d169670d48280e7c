"""Look at one leased claim: ask DNS with no transaction open, then write what it means."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from chassis.clock import Clock
from domain_verifier.domain.check_context import Moment
from domain_verifier.domain.claim import Claim, State, Step, put_under_review
from domain_verifier.domain.errors import ForbiddenError
from domain_verifier.domain.evidence import Evidence
from domain_verifier.domain.lifecycle import observe
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.tenant import refuse_unentitled
from domain_verifier.usecases.breaker import ReviewBreaker
from domain_verifier.usecases.ports import (
    Breakers,
    Claims,
    Lease,
    Prober,
    Settled,
    Settlement,
    Tenants,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check found and what became of it."""

    evidence: Evidence
    step: Step
    settled: Settled


@dataclass(frozen=True, slots=True)
class Examine:
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
    examined: Callable[[Examined], None] = lambda _examined: None
    """Told of every check that was settled, for metrics."""

    async def __call__(self, lease: Lease, *, asked: bool = False) -> Examined:
        """Probe, judge, settle; pending claims are searched for the usual mistakes too."""
        claim = lease.claim
        explain = asked or claim.state is State.PENDING
        evidence = await self.prober.probe(claim.subject, explain=explain)
        moment = Moment(
            self.clock.now(),
            self.policy,
            jitter=self.jitter(),
            breaker=await self.breakers.current(),
            refusal=await self._refusal(claim),
            asked=asked,
        )
        step = observe(claim, evidence, moment)
        if step.takes_away:
            # Never on a breaker that was counted some time ago.
            step = observe(claim, evidence, replace(moment, breaker=await self.review()))
        examined = await self._settle(lease, evidence, step, moment)
        _say(claim, examined)
        if examined.settled is not Settled.LOST:
            self.examined(examined)
        return examined

    async def _settle(
        self, lease: Lease, evidence: Evidence, step: Step, moment: Moment
    ) -> Examined:
        under_review = put_under_review(
            step.claim, since=lease.claim.review_since, now=moment.now, policy=self.policy
        )
        settlement = Settlement(lease, step, evidence, moment.now, if_taken=under_review)
        settled = await self.claims.settle(settlement)
        return Examined(evidence, under_review if settled is Settled.TAKEN else step, settled)

    async def _refusal(self, claim: Claim) -> str | None:
        """Return why the tenant may not verify the claim now; what is held is watched on."""
        if claim.state is not State.PENDING:
            return None
        try:
            refuse_unentitled(await self.tenants.find(claim.tenant_id))
        except ForbiddenError as error:
            return error.sentence
        return None


def _say(claim: Claim, examined: Examined) -> None:
    log.info(
        "claim.checked",
        tenant_id=str(claim.tenant_id),
        claim_id=str(claim.claim_id),
        domain=claim.domain.ascii,
        outcome=examined.evidence.outcome.value,
        reason=examined.evidence.reason.value,
        before=claim.state.value,
        after=examined.step.claim.state.value,
        settled=examined.settled.value,
    )
