"""When a record that is there counts as proof: at once with DNSSEC, else at the second check."""

from dataclasses import dataclass
from datetime import datetime

from domain_verifier.domain.check_context import CheckContext
from domain_verifier.domain.claim import Claim
from domain_verifier.domain.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How far a record that is there has been confirmed."""

    since: datetime
    """The first check of the run in which it was there."""
    confirm_at: datetime | None
    """When it has to be seen once more; None: it is proof."""


def confirmation_of(claim: Claim, evidence: Evidence, context: CheckContext) -> Confirmation:
    """Return how far a PRESENT check confirms the claim."""
    since = context.now
    if claim.first_seen_at is not None and awaits_confirmation(claim, context):
        since = claim.first_seen_at
    confirm_at = since + context.policy.confirm_after
    enough = evidence.authenticated or context.now >= confirm_at
    return Confirmation(since, None if enough else confirm_at)


def awaits_confirmation(claim: Claim, context: CheckContext) -> bool:
    """Tell whether a first PRESENT check still waits for its second one."""
    seen = claim.first_seen_at
    return seen is not None and context.now - seen <= context.policy.confirm_within
