"""Which denials count against a holder: several, spread over time, in one unbroken run."""

from dataclasses import replace
from datetime import timedelta

from domain_verifier.domain.check_context import Moment
from domain_verifier.domain.claim import Claim, State
from domain_verifier.domain.evidence import Evidence
from domain_verifier.domain.policy import Policy


def count_absence(claim: Claim, moment: Moment) -> Claim:
    """Return the claim with this denial counted, if it counts."""
    missing = replace(claim, absent_since=claim.absent_since or moment.now)
    if moment.braked:
        return _counted_anew(missing)
    if not _run_goes_on(missing, moment):
        # After a gap this is a new absence, which may be one of many that begin now.
        since = moment.now if _gap(missing, moment) else missing.absent_since
        missing = replace(_counted_anew(missing), absent_since=since)
    if missing.counted_at is not None and moment.now - missing.counted_at < _spacing(claim, moment):
        return missing
    return replace(
        missing,
        counted_since=missing.counted_since or moment.now,
        counted_at=moment.now,
        absent_count=missing.absent_count + 1,
    )


def enough_denials(claim: Claim, evidence: Evidence, moment: Moment) -> bool:
    """Tell whether the absence counts: nothing holds it up, looks enough, over time enough."""
    if moment.braked or claim.overridden(moment.now):
        return False
    if claim.absent_count < moment.policy.absent_looks or claim.counted_since is None:
        return False
    if claim.state is State.GRACE:
        return True
    return moment.now - claim.counted_since >= _span(claim, evidence, moment.policy)


def wait_between(claim: Claim, policy: Policy) -> timedelta:
    """Return how long to wait between looks at a holder whose record is missing."""
    if claim.contested_since is not None and claim.state is State.VERIFIED:
        return policy.contested_recheck
    return policy.grace_recheck if claim.state is State.GRACE else policy.absent_recheck


def _counted_anew(claim: Claim) -> Claim:
    return replace(claim, absent_count=0, counted_since=None, counted_at=None)


def _run_goes_on(claim: Claim, moment: Moment) -> bool:
    """Tell whether this denial follows the last one closely, with no fault of ours between."""
    if claim.counted_at is None or claim.counted_since is None:
        return False
    closed_at = moment.breaker.closed_at
    if closed_at is not None and claim.counted_since < closed_at:
        return False
    return not _gap(claim, moment)


def _gap(claim: Claim, moment: Moment) -> bool:
    last = claim.counted_at
    return last is not None and moment.now - last > moment.policy.absent_gap


def _spacing(claim: Claim, moment: Moment) -> timedelta:
    return wait_between(claim, moment.policy) * moment.policy.absent_spacing


def _span(claim: Claim, evidence: Evidence, policy: Policy) -> timedelta:
    if claim.authenticated and not evidence.authenticated:
        # The zone was signed when it last proved the claim: to deny without signatures is weaker.
        return policy.downgraded_absent_for
    contested = claim.contested_since is not None
    return policy.contested_absent_for if contested else policy.absent_for
