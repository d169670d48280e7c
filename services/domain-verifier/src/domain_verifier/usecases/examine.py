"""Look at one leased claim: ask DNS with no transaction open, then write what it means."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from chassis.clock import Clock
from domain_verifier.domain.claim import Step, put_under_review
from domain_verifier.domain.evidence import Evidence
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.watch import Moment, observe
from domain_verifier.usecases.ports import Claims, Lease, Prober, Settled, Settlement

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
    prober: Prober
    policy: Policy
    clock: Clock
    jitter: Callable[[], float]
    """A random number from -1 to 1."""

    async def __call__(self, lease: Lease, *, braked: bool, explain: bool) -> Examined:
        """Probe, judge, settle."""
        claim = lease.claim
        evidence = await self.prober.probe(claim.subject, explain=explain)
        now = self.clock.now()
        moment = Moment(now, self.policy, jitter=self.jitter(), braked=braked)
        step = observe(claim, evidence, moment)
        settlement = Settlement(
            lease=lease,
            step=step,
            evidence=evidence,
            now=now,
            if_taken=put_under_review(step.claim, now=now, policy=self.policy),
        )
        settled = await self.claims.settle(settlement)
        if settled is Settled.TAKEN:
            step = Step(settlement.if_taken)
        log.info(
            "claim.checked",
            tenant_id=str(claim.tenant_id),
            claim_id=str(claim.claim_id),
            domain=claim.domain.ascii,
            outcome=evidence.outcome.value,
            reason=evidence.reason.value,
            before=claim.state.value,
            after=step.claim.state.value,
            settled=settled.value,
        )
        return Examined(evidence, step, settled)
