"""When a record that is there counts as proof: at once with DNSSEC, else at the second look."""

from dataclasses import dataclass
from datetime import datetime

from domain_verifier.domain.check_context import Moment
from domain_verifier.domain.claim import Claim
from domain_verifier.domain.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record that was seen."""

    since: datetime
    """The first look of the run in which it was there."""
    confirm_at: datetime | None
    """When it has to be seen once more; None: it is proof."""


def sighting(claim: Claim, evidence: Evidence, moment: Moment) -> Sighting:
    """Return what a PRESENT look is worth."""
    since = moment.now
    if claim.first_seen_at is not None and lately_seen(claim, moment):
        since = claim.first_seen_at
    confirm_at = since + moment.policy.confirm_after
    enough = evidence.authenticated or moment.now >= confirm_at
    return Sighting(since, None if enough else confirm_at)


def lately_seen(claim: Claim, moment: Moment) -> bool:
    """Tell whether a first look at the record still waits for its second one."""
    seen = claim.first_seen_at
    return seen is not None and moment.now - seen <= moment.policy.confirm_within
