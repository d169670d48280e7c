"""Two operators let a claim hold its domain, whatever DNS says, for a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain_verifier.domain.changes import Verified
from domain_verifier.domain.claim import Claim, State, Transition
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.text import required_line
from kernel.errors import ConflictError, InvalidError


@dataclass(frozen=True, slots=True)
class OverrideRequest:
    """Two operators' request to let a claim hold its domain, for a time."""

    lasts: timedelta
    actor: str
    approved_by: str
    reason: str


def override(
    claim: Claim, request: OverrideRequest, *, now: datetime, policy: Policy
) -> Transition:
    """Let the claim hold its domain until a date, whatever DNS says."""
    request = _validated(request, policy)
    until = now + request.lasts
    if not claim.is_live:
        raise ConflictError(
            "wrong_state",
            f"The claim to {claim.domain.shown} is {claim.state}. Start a new claim first.",
        )
    held = replace(
        claim,
        state=State.VERIFIED,
        verified_at=claim.verified_at or now,
        override_until=until,
        review_since=None,
        grace_started_at=None,
        grace_ends_at=None,
        grace_warnings=0,
        next_check_at=min(now + policy.recheck_every, until),
    )
    verified = Verified(
        "override",
        recovered=claim.state is State.GRACE,
        override_until=until,
        actor=request.actor,
        approved_by=request.approved_by,
        reason=request.reason,
    )
    return Transition.between(claim, held, verified)


def _validated(request: OverrideRequest, policy: Policy) -> OverrideRequest:
    unsaid = InvalidError("reason_missing", "Say why the override is needed.")
    alone = InvalidError("second_person_missing", "An override needs a second person's approval.")
    reason = required_line(request.reason, missing=unsaid)
    approved_by = required_line(request.approved_by, missing=alone)
    if _person_name(approved_by) in {"", _person_name(request.actor)}:
        raise alone
    if not timedelta(0) < request.lasts <= policy.override_limit:
        days = policy.override_limit // timedelta(days=1)
        raise InvalidError("override_too_long", f"An override lasts at most {days} days.")
    return replace(request, reason=reason, approved_by=approved_by)


def _person_name(name: str) -> str:
    """Return the person's name without the prefix of where they signed in (`cli:ann`)."""
    return name.strip().lower().rpartition(":")[2]
