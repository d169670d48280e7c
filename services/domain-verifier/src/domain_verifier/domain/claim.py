"""One tenant's claim to one domain, and what people may do to it.

Terminal states (`lapsed`, `failed`, `released`) never change again: a new claim has a new token, so
an old record that comes back revives nothing (draft-ietf-dnsop-domain-verification-techniques,
"reintroduction").
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain_verifier.domain.changes import (
    Change,
    Claimed,
    Failed,
    GraceWarned,
    Lapsed,
    Released,
    ReviewBegan,
)
from domain_verifier.domain.evidence import Outcome, Reason
from domain_verifier.domain.explanation import Subject
from domain_verifier.domain.name import DomainName
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.text import required_line
from kernel.errors import ConflictError, InvalidError


class State(StrEnum):
    """The state of a claim."""

    PENDING = "pending"
    VERIFIED = "verified"
    GRACE = "grace"
    LAPSED = "lapsed"
    FAILED = "failed"
    RELEASED = "released"


HOLDING = frozenset({State.VERIFIED, State.GRACE})
LIVE = HOLDING | {State.PENDING}

IN_REVIEW_EXPLANATION = (
    "The record is right. The domain needs a review before it can be used; nothing has to be done "
    "meanwhile. Keep the record in place."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim; every change gives a new one."""

    tenant_id: UUID
    claim_id: UUID
    domain: DomainName
    token: str
    state: State
    created_at: datetime
    expires_at: datetime
    """When a claim that is still pending fails."""
    next_check_at: datetime | None
    check_count: int = 0
    """Checks since the state was entered or the outcome changed: the step of the backoff."""
    first_seen_at: datetime | None = None
    """First check of the present run in which the record was there."""
    proved_at: datetime | None = None
    """When DNS first proved the claim; None while it rests on an override."""
    review_since: datetime | None = None
    """Proved, but the domain is not free; people decide unless its holder's record is gone."""
    contested_since: datetime | None = None
    """Since when somebody else has proved this held domain; read, never written."""
    verified_at: datetime | None = None
    authenticated: bool = False
    """DNSSEC vouched for the record when it was last seen."""
    absent_since: datetime | None = None
    counted_since: datetime | None = None
    """First ABSENT check of the run that counts."""
    counted_at: datetime | None = None
    """Last ABSENT check of that run."""
    absent_count: int = 0
    unknown_since: datetime | None = None
    grace_started_at: datetime | None = None
    grace_ends_at: datetime | None = None
    grace_warnings: int = 0
    override_until: datetime | None = None
    ended_at: datetime | None = None
    last_checked_at: datetime | None = None
    last_outcome: Outcome | None = None
    last_reason: Reason | None = None
    last_explanation: str | None = None

    @property
    def subject(self) -> Subject:
        """What is queried in DNS."""
        return Subject(self.domain, self.token)

    @property
    def holds_domain(self) -> bool:
        """Whether the domain is this claim's, so that nobody else can verify it."""
        return self.state in HOLDING

    @property
    def is_live(self) -> bool:
        """Whether checks and people may still change the claim."""
        return self.state in LIVE

    def is_overridden(self, now: datetime) -> bool:
        """Tell whether an override stands in for the record."""
        return self.override_until is not None and now < self.override_until


@dataclass(frozen=True, slots=True)
class Transition:
    """A claim's new form and what happened to it on the way."""

    claim: Claim
    changes: tuple[Change, ...] = ()
    takes_domain: bool = False
    """The claim holds its domain from now on."""
    frees_domain: bool = False
    """The claim holds its domain no longer."""

    @classmethod
    def between(cls, before: Claim, after: Claim, *changes: Change) -> "Transition":
        """Return the transition from one form of a saved claim to the next."""
        return cls(
            after,
            changes,
            takes_domain=after.holds_domain and not before.holds_domain,
            frees_domain=before.holds_domain and not after.holds_domain,
        )

    @property
    def is_adverse(self) -> bool:
        """Whether it takes something from the tenant, or warns that it will."""
        return any(isinstance(change, GraceWarned | Lapsed | Failed) for change in self.changes)


def new_claim(
    *,
    tenant_id: UUID,
    claim_id: UUID,
    domain: DomainName,
    token: str,
    now: datetime,
    policy: Policy,
) -> Transition:
    """Return a pending claim, due for its first check at once."""
    claim = Claim(
        tenant_id=tenant_id,
        claim_id=claim_id,
        domain=domain,
        token=token,
        state=State.PENDING,
        created_at=now,
        expires_at=now + policy.claim_lifetime,
        next_check_at=now,
    )
    return Transition(claim, (Claimed(),))


def end(claim: Claim, state: State, *, now: datetime) -> Claim:
    """Return the claim in a terminal state: never checked again."""
    return replace(
        claim,
        state=state,
        ended_at=now,
        next_check_at=None,
        review_since=None,
        override_until=None,
    )


def release(claim: Claim, *, now: datetime, actor: str, reason: str) -> Transition:
    """Give a live claim up; the name is free from then on."""
    if not claim.is_live:
        raise ConflictError(
            "wrong_state", f"The claim to {claim.domain.shown} is already {claim.state}."
        )
    reason = required_line(
        reason, missing=InvalidError("reason_missing", "Say why it is given up.")
    )
    released = end(claim, State.RELEASED, now=now)
    return Transition.between(claim, released, Released(reason=reason, actor=actor))


def put_under_review(
    claim: Claim, *, since: datetime | None, now: datetime, policy: Policy
) -> Transition:
    """Keep a proved claim pending, for the domain is not free; `since` when that is nothing new."""
    waiting = replace(
        claim,
        state=State.PENDING,
        review_since=since or now,
        verified_at=None,
        proved_at=None,
        next_check_at=now + policy.pending_delays[-1],
        last_explanation=IN_REVIEW_EXPLANATION,
    )
    return Transition(waiting, () if since else (ReviewBegan(),))
