"""The state machine of claims: what a check changes, as pure functions.

UNKNOWN takes nothing away that DNS ever proved. ABSENT takes a domain away only after
`absent_checks` checks over `absent_for`, a grace period with warnings, and again as many checks
in it (`held_claim`).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from domain_verifier.domain.changes import Failed, Verified
from domain_verifier.domain.check_context import CheckContext
from domain_verifier.domain.claim import (
    IN_REVIEW_EXPLANATION,
    Claim,
    State,
    Transition,
    end,
)
from domain_verifier.domain.confirmation import confirmation_of
from domain_verifier.domain.evidence import Evidence, Outcome
from domain_verifier.domain.explanation import format_span
from domain_verifier.domain.held_claim import apply_to_held


def apply_check(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    """Return the claim after a check."""
    if claim.state is State.PENDING:
        transition = _apply_to_pending(claim, evidence, context)
    elif claim.holds_domain:
        transition = _keep_schedule(claim, apply_to_held(claim, evidence, context), context)
    else:
        return Transition(claim)
    after = _with_result(claim, transition.claim, evidence, context)
    return Transition.between(claim, after, *transition.changes)


def _keep_schedule(claim: Claim, transition: Transition, context: CheckContext) -> Transition:
    planned, then = claim.next_check_at, transition.claim.next_check_at
    if not context.requested or planned is None or then is None or planned <= context.now:
        return transition
    return replace(transition, claim=replace(transition.claim, next_check_at=min(planned, then)))


def _with_result(before: Claim, after: Claim, evidence: Evidence, context: CheckContext) -> Claim:
    same = before.last_outcome is evidence.outcome and before.state is after.state
    goes_on = same or after.state is State.PENDING
    unknown = evidence.outcome is Outcome.UNKNOWN
    return replace(
        after,
        check_count=before.check_count + (0 if context.requested else 1) if goes_on else 1,
        unknown_since=(before.unknown_since or context.now) if unknown else None,
        last_checked_at=context.now,
        last_outcome=evidence.outcome,
        last_reason=evidence.reason,
        last_explanation=_explanation(after, evidence, context),
    )


def _explanation(after: Claim, evidence: Evidence, context: CheckContext) -> str:
    """Return what DNS says, or why a right record is not enough yet."""
    if after.state is not State.PENDING or evidence.outcome is not Outcome.PRESENT:
        return evidence.explanation
    if context.refusal is not None:
        return f"The record is right, but it does not count now. {context.refusal}"
    if after.review_since is not None:
        return IN_REVIEW_EXPLANATION
    wait = (after.next_check_at or context.now) - context.now
    return f"The record is there. It is looked at once more in {format_span(wait)}, then it counts."


def _apply_to_pending(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    if evidence.outcome is Outcome.PRESENT:
        return _record_seen(claim, evidence, context)
    if not context.breaker_open and _is_expired(claim, evidence, context):
        failed = end(claim, State.FAILED, now=context.now)
        return Transition(failed, (Failed(reason=evidence.reason),))
    waiting = replace(claim, next_check_at=_next_check(claim, evidence, context))
    if evidence.outcome is Outcome.ABSENT:
        # Seeing it twice in a row is what proves it.
        waiting = _end_review(replace(waiting, first_seen_at=None), context)
    return Transition(waiting)


def _end_review(claim: Claim, context: CheckContext) -> Claim:
    """End a review whose claim is proved no longer; a fault of ours ends none."""
    if claim.review_since is None or context.breaker_open:
        return claim
    # People took the time: the claim begins its lifetime anew.
    expires_at = max(claim.expires_at, context.now + context.policy.claim_lifetime)
    return replace(claim, review_since=None, expires_at=expires_at)


def _next_check(claim: Claim, evidence: Evidence, context: CheckContext) -> datetime:
    # A denial may live in the resolvers' caches for so long; asking sooner shows it again.
    cached = context.now + (evidence.retry_after or timedelta(0))
    planned = claim.next_check_at
    if context.requested and planned is not None and planned > context.now:
        return max(planned, cached)
    delays = context.policy.pending_delays
    return max(context.now + delays[min(claim.check_count, len(delays) - 1)], cached)


def _is_expired(claim: Claim, evidence: Evidence, context: CheckContext) -> bool:
    """A claim fails on a clear denial; where DNS stays silent it is given a grace period more.

    In review it waits for people, however long they take.
    """
    if claim.review_since is not None:
        return False
    if evidence.outcome is Outcome.ABSENT:
        return context.now >= claim.expires_at
    return context.now >= claim.expires_at + context.policy.grace


def _record_seen(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    confirmation = confirmation_of(claim, evidence, context)
    if context.refusal is not None:
        return _refuse_unentitled(
            replace(claim, first_seen_at=confirmation.since), evidence, context
        )
    if confirmation.confirm_at is not None:
        waiting = replace(
            claim, first_seen_at=confirmation.since, next_check_at=confirmation.confirm_at
        )
        return Transition(waiting)
    verified = replace(
        claim,
        state=State.VERIFIED,
        first_seen_at=confirmation.since,
        proved_at=context.now,
        review_since=None,
        verified_at=context.now,
        authenticated=evidence.authenticated,
        next_check_at=context.after(context.policy.recheck_every),
    )
    return Transition(verified, (Verified("dns"),))


def _refuse_unentitled(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    """Keep a proved claim of an unentitled tenant pending, for its lifetime."""
    claim = _end_review(claim, context)
    if not context.breaker_open and context.now >= claim.expires_at:
        failed = end(claim, State.FAILED, now=context.now)
        return Transition(failed, (Failed(reason="not_entitled"),))
    return Transition(replace(claim, next_check_at=_next_check(claim, evidence, context)))
