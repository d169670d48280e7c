"""What a check does to a claim: the state machine, pure.

UNKNOWN takes nothing away that DNS ever proved. ABSENT takes a domain away only after
`absent_looks` looks over `absent_for`, a grace period with warnings, and again `absent_looks` looks
in it (`holding`).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from domain_verifier.domain.changes import Failed, Verified
from domain_verifier.domain.check_context import Moment
from domain_verifier.domain.claim import HOLDING, IN_REVIEW, Claim, State, Step, end
from domain_verifier.domain.confirmation import sighting
from domain_verifier.domain.evidence import Evidence, Outcome
from domain_verifier.domain.explanation import span_of
from domain_verifier.domain.held_claim import observe_holding


def observe(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    """Return the claim after a check."""
    if claim.state is State.PENDING:
        step = _observe_pending(claim, evidence, moment)
    elif claim.state in HOLDING:
        step = _no_later_than_planned(claim, observe_holding(claim, evidence, moment), moment)
    else:
        return Step(claim)
    return replace(step, claim=_noted(claim, step.claim, evidence, moment))


def _no_later_than_planned(claim: Claim, step: Step, moment: Moment) -> Step:
    planned, then = claim.next_check_at, step.claim.next_check_at
    if not moment.asked or planned is None or then is None or planned <= moment.now:
        return step
    return replace(step, claim=replace(step.claim, next_check_at=min(planned, then)))


def _noted(before: Claim, after: Claim, evidence: Evidence, moment: Moment) -> Claim:
    same = before.last_outcome is evidence.outcome and before.state is after.state
    goes_on = same or after.state is State.PENDING
    unknown = evidence.outcome is Outcome.UNKNOWN
    return replace(
        after,
        looks=before.looks + (0 if moment.asked else 1) if goes_on else 1,
        unknown_since=(before.unknown_since or moment.now) if unknown else None,
        last_checked_at=moment.now,
        last_outcome=evidence.outcome,
        last_reason=evidence.reason,
        last_explanation=_explanation(after, evidence, moment),
    )


def _explanation(after: Claim, evidence: Evidence, moment: Moment) -> str:
    """Return what DNS says, or why a right record is not enough yet."""
    if after.state is not State.PENDING or evidence.outcome is not Outcome.PRESENT:
        return evidence.explanation
    if moment.refusal is not None:
        return f"The record is right, but it does not count now. {moment.refusal}"
    if after.review_since is not None:
        return IN_REVIEW
    wait = (after.next_check_at or moment.now) - moment.now
    return f"The record is there. It is looked at once more in {span_of(wait)}, then it counts."


def _observe_pending(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    if evidence.outcome is Outcome.PRESENT:
        return _seen(claim, evidence, moment)
    if not moment.braked and _out_of_time(claim, evidence, moment):
        failed = end(claim, State.FAILED, now=moment.now)
        return Step(failed, (Failed(reason=evidence.reason),))
    waiting = replace(claim, next_check_at=_next_look(claim, evidence, moment))
    if evidence.outcome is Outcome.ABSENT:
        # Seeing it twice in a row is what proves it.
        waiting = _out_of_review(replace(waiting, first_seen_at=None), moment)
    return Step(waiting)


def _out_of_review(claim: Claim, moment: Moment) -> Claim:
    """End a review whose claim is proved no longer; a fault of ours ends none."""
    if claim.review_since is None or moment.braked:
        return claim
    # People took the time: the claim begins its lifetime anew.
    expires_at = max(claim.expires_at, moment.now + moment.policy.claim_lifetime)
    return replace(claim, review_since=None, expires_at=expires_at)


def _next_look(claim: Claim, evidence: Evidence, moment: Moment) -> datetime:
    # A denial may live in the resolvers' caches for so long; asking sooner shows it again.
    cached = moment.now + (evidence.retry_after or timedelta(0))
    planned = claim.next_check_at
    if moment.asked and planned is not None and planned > moment.now:
        return max(planned, cached)
    delays = moment.policy.pending_delays
    return max(moment.now + delays[min(claim.looks, len(delays) - 1)], cached)


def _out_of_time(claim: Claim, evidence: Evidence, moment: Moment) -> bool:
    """A claim fails on a clear denial; where DNS stays silent it is given a grace period more.

    In review it waits for people, however long they take.
    """
    if claim.review_since is not None:
        return False
    if evidence.outcome is Outcome.ABSENT:
        return moment.now >= claim.expires_at
    return moment.now >= claim.expires_at + moment.policy.grace


def _seen(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    seen = sighting(claim, evidence, moment)
    if moment.refusal is not None:
        return _withheld(replace(claim, first_seen_at=seen.since), evidence, moment)
    if seen.confirm_at is not None:
        waiting = replace(claim, first_seen_at=seen.since, next_check_at=seen.confirm_at)
        return Step(waiting)
    verified = replace(
        claim,
        state=State.VERIFIED,
        first_seen_at=seen.since,
        proved_at=moment.now,
        review_since=None,
        verified_at=moment.now,
        authenticated=evidence.authenticated,
        next_check_at=moment.after(moment.policy.recheck_every),
    )
    return Step(verified, (Verified("dns"),))


def _withheld(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    """Keep a proved claim of a tenant without the right pending, for its lifetime."""
    claim = _out_of_review(claim, moment)
    if not moment.braked and moment.now >= claim.expires_at:
        failed = end(claim, State.FAILED, now=moment.now)
        return Step(failed, (Failed(reason="not_entitled"),))
    return Step(replace(claim, next_check_at=_next_look(claim, evidence, moment)))
