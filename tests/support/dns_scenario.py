"""A claim that is watched through a story of checks, driven by a clock."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain_verifier.domain.breaker import Breaker
from domain_verifier.domain.changes import Change
from domain_verifier.domain.check_context import CheckContext
from domain_verifier.domain.claim import Claim, State, new_claim
from domain_verifier.domain.evidence import Evidence, Outcome, Reason
from domain_verifier.domain.lifecycle import apply_check
from domain_verifier.domain.name import DomainName
from domain_verifier.domain.override import OverrideRequest
from domain_verifier.domain.policy import Policy

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = Policy()
REASONS = {
    Outcome.PRESENT: Reason.MATCHED,
    Outcome.ABSENT: Reason.NO_RECORD,
    Outcome.UNKNOWN: Reason.SERVFAIL,
}


def evidence(
    outcome: Outcome, *, ad: bool = True, retry_after: timedelta | None = None
) -> Evidence:
    return Evidence(outcome, REASONS[outcome], "why", authenticated=ad, retry_after=retry_after)


def pending() -> Claim:
    return new_claim(
        tenant_id=UUID(int=1),
        claim_id=UUID(int=2),
        domain=DomainName("acme.test", "acme.test"),
        token="t" * 32,
        now=START,
        policy=POLICY,
    ).claim


@dataclass
class ClaimScenario:
    """A claim and the checks it has lived through."""

    claim: Claim = field(default_factory=pending)
    now: datetime = START
    changes: list[Change] = field(default_factory=list)
    policy: Policy = POLICY
    breaker: Breaker = field(default_factory=Breaker)
    refusal: str | None = None

    def check(
        self,
        outcome: Outcome,
        *,
        ad: bool = True,
        retry_after: timedelta | None = None,
        breaker_open: bool = False,
        requested: bool = False,
    ) -> "ClaimScenario":
        found = evidence(outcome, ad=ad, retry_after=retry_after)
        breaker = replace(self.breaker, opened_at=START if breaker_open else None)
        context = CheckContext(
            self.now, self.policy, breaker=breaker, requested=requested, refusal=self.refusal
        )
        transition = apply_check(self.claim, found, context)
        self.claim = transition.claim
        self.changes += transition.changes
        return self

    def when_due(self, outcome: Outcome, **circumstances: Any) -> "ClaimScenario":
        assert self.claim.next_check_at is not None
        self.now = max(self.now, self.claim.next_check_at)
        return self.check(outcome, **circumstances)

    def until(self, state: State, outcome: Outcome, *, limit: int = 100) -> "ClaimScenario":
        for _ in range(limit):
            if self.claim.state is state:
                return self
            self.when_due(outcome)
        raise AssertionError(f"still {self.claim.state} after {limit} looks")


def verified() -> ClaimScenario:
    scenario = ClaimScenario().check(Outcome.PRESENT)
    assert scenario.claim.state is State.VERIFIED
    scenario.changes.clear()
    return scenario


def override_request(
    *, days: float = 7, approved_by: str = "bo", reason: str = "r"
) -> OverrideRequest:
    return OverrideRequest(timedelta(days=days), "ann", approved_by, reason)
