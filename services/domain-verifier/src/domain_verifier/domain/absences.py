"""Which absences count against a holder: several, spread over time, in one unbroken run.

An absence is a check that ended ABSENT; a denial is one resolver's answer that there is no record
(RFC 2308).
"""

from dataclasses import replace
from datetime import timedelta

from domain_verifier.domain.check_context import CheckContext
from domain_verifier.domain.claim import Claim, State
from domain_verifier.domain.evidence import Evidence
from domain_verifier.domain.policy import Policy


def count_absence(claim: Claim, context: CheckContext) -> Claim:
    """Return the claim with this absence counted, if it counts."""
    missing = replace(claim, absent_since=claim.absent_since or context.now)
    if context.breaker_open:
        return _reset_count(missing)
    if not _run_continues(missing, context):
        # After a gap this begins a new run, which may be one of many that begin now.
        since = context.now if _after_gap(missing, context) else missing.absent_since
        missing = replace(_reset_count(missing), absent_since=since)
    if missing.counted_at is not None and context.now - missing.counted_at < _min_spacing(
        claim, context
    ):
        return missing
    return replace(
        missing,
        counted_since=missing.counted_since or context.now,
        counted_at=context.now,
        absent_count=missing.absent_count + 1,
    )


def enough_absences(claim: Claim, evidence: Evidence, context: CheckContext) -> bool:
    """Tell whether enough absences were counted over enough time, and nothing holds them up."""
    if context.breaker_open or claim.is_overridden(context.now):
        return False
    if claim.absent_count < context.policy.absent_checks or claim.counted_since is None:
        return False
    if claim.state is State.GRACE:
        return True
    return context.now - claim.counted_since >= _required_span(claim, evidence, context.policy)


def wait_between_checks(claim: Claim, policy: Policy) -> timedelta:
    """Return how long to wait between checks of a holder whose record is missing."""
    if claim.contested_since is not None and claim.state is State.VERIFIED:
        return policy.contested_recheck
    return policy.grace_recheck if claim.state is State.GRACE else policy.absent_recheck


def _reset_count(claim: Claim) -> Claim:
    return replace(claim, absent_count=0, counted_since=None, counted_at=None)


def _run_continues(claim: Claim, context: CheckContext) -> bool:
    """Tell whether this absence follows the last one closely, with no fault of ours between."""
    if claim.counted_at is None or claim.counted_since is None:
        return False
    closed_at = context.breaker.closed_at
    if closed_at is not None and claim.counted_since < closed_at:
        return False
    return not _after_gap(claim, context)


def _after_gap(claim: Claim, context: CheckContext) -> bool:
    last = claim.counted_at
    return last is not None and context.now - last > context.policy.absent_gap


def _min_spacing(claim: Claim, context: CheckContext) -> timedelta:
    return wait_between_checks(claim, context.policy) * context.policy.absent_spacing


def _required_span(claim: Claim, evidence: Evidence, policy: Policy) -> timedelta:
    if claim.authenticated and not evidence.authenticated:
        # The zone was signed when it last proved the claim: to deny without signatures is weaker.
        return policy.downgraded_absent_for
    contested = claim.contested_since is not None
    return policy.contested_absent_for if contested else policy.absent_for
