"""What a check does to a claim: the state machine, pure.

UNKNOWN never takes anything away. ABSENT takes a domain away only after `absent_looks` looks over
`absent_for`, a grace period with warnings, and again `absent_looks` looks in it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain_verifier.domain.changes import Change, Failed, GraceWarned, Lapsed, Verified
from domain_verifier.domain.claim import HOLDING, Claim, State, Step, end
from domain_verifier.domain.evidence import Evidence, Outcome
from domain_verifier.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Moment:
    """The circumstances of a check."""

    now: datetime
    policy: Policy
    jitter: float = 0.0
    """A random number from -1 to 1."""
    braked: bool = False
    """The breaker is open: nothing may be taken away."""

    def after(self, wait: timedelta) -> datetime:
        """Return the time of a look after roughly this wait."""
        return self.now + wait * (1 + self.policy.recheck_jitter * self.jitter)


def observe(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    """Return the claim after a check."""
    if claim.state is State.PENDING:
        step = _observe_pending(claim, evidence, moment)
    elif claim.state in HOLDING:
        step = _observe_holding(claim, evidence, moment)
    else:
        return Step(claim)
    return Step(_noted(claim, step.claim, evidence, moment.now), step.changes)


def _noted(before: Claim, after: Claim, evidence: Evidence, now: datetime) -> Claim:
    same = before.last_outcome is evidence.outcome and before.state is after.state
    unknown = evidence.outcome is Outcome.UNKNOWN
    return replace(
        after,
        looks=before.looks + 1 if same or after.state is State.PENDING else 1,
        unknown_since=(before.unknown_since or now) if unknown else None,
        last_checked_at=now,
        last_outcome=evidence.outcome,
        last_reason=evidence.reason,
        last_explanation=evidence.explanation,
    )


def _observe_pending(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    if evidence.outcome is Outcome.PRESENT:
        return _seen(claim, evidence, moment)
    if not moment.braked and _out_of_time(claim, evidence, moment):
        failed = end(claim, State.FAILED, now=moment.now)
        return Step(failed, (Failed(reason=evidence.reason),))
    delays = moment.policy.pending_delays
    wait = delays[min(claim.looks, len(delays) - 1)]
    if evidence.retry_after is not None:
        # A denial may live in the resolvers' caches for so long; asking sooner shows it again.
        wait = max(wait, evidence.retry_after)
    waiting = replace(claim, next_check_at=moment.now + wait)
    if evidence.outcome is Outcome.ABSENT and not moment.braked:
        waiting = replace(waiting, first_seen_at=None, review_since=None)
    return Step(waiting)


def _out_of_time(claim: Claim, evidence: Evidence, moment: Moment) -> bool:
    """A claim fails on a clear denial; where DNS stays silent it is given a grace period more."""
    if evidence.outcome is Outcome.ABSENT:
        return moment.now >= claim.expires_at
    return moment.now >= claim.expires_at + moment.policy.grace


def _seen(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    first_seen = claim.first_seen_at or moment.now
    confirmed_at = first_seen + moment.policy.confirm_after
    if not evidence.authenticated and moment.now < confirmed_at:
        return Step(replace(claim, first_seen_at=first_seen, next_check_at=confirmed_at))
    verified = replace(
        claim,
        state=State.VERIFIED,
        first_seen_at=first_seen,
        review_since=None,
        verified_at=moment.now,
        authenticated=evidence.authenticated,
        next_check_at=moment.after(moment.policy.recheck_every),
    )
    return Step(verified, (Verified("dns"),))


def _observe_holding(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    if evidence.outcome is Outcome.PRESENT:
        return _still_there(claim, evidence, moment)
    if evidence.outcome is Outcome.UNKNOWN:
        if not moment.braked and _rests_on_word_alone(claim, moment.now):
            return _word_ended(claim, evidence, moment)
        delays = moment.policy.unknown_delays
        known_before = claim.last_outcome is not Outcome.UNKNOWN
        wait = delays[0 if known_before else min(claim.looks, len(delays) - 1)]
        waiting = replace(claim, next_check_at=_no_later(claim, moment.after(wait), moment))
        return _warned(waiting, evidence, moment)
    missing = _count_absence(claim, moment)
    if _beyond_doubt(missing, moment):
        if claim.state is State.VERIFIED:
            return _warned(_into_grace(missing, moment), evidence, moment)
        if claim.grace_ends_at is not None and moment.now >= claim.grace_ends_at:
            lapsed = end(missing, State.LAPSED, now=moment.now)
            return Step(lapsed, (Lapsed(reason=evidence.reason),))
    wait = _absent_wait(missing, moment.policy)
    waiting = replace(missing, next_check_at=_no_later(missing, moment.after(wait), moment))
    return _warned(waiting, evidence, moment)


def _rests_on_word_alone(claim: Claim, now: datetime) -> bool:
    """Tell whether DNS never proved the claim and the operators' override has ended."""
    return claim.first_seen_at is None and not claim.overridden(now)


def _word_ended(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    """Let a claim go whose only proof was an override: silence of DNS must not prolong that."""
    if claim.state is State.VERIFIED:
        return _warned(_into_grace(claim, moment), evidence, moment)
    if claim.grace_ends_at is not None and moment.now >= claim.grace_ends_at:
        lapsed = end(claim, State.LAPSED, now=moment.now)
        return Step(lapsed, (Lapsed(reason=evidence.reason),))
    wait = moment.after(moment.policy.grace_recheck)
    return _warned(replace(claim, next_check_at=_no_later(claim, wait, moment)), evidence, moment)


def _still_there(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    changes: tuple[Change, ...] = ()
    if claim.state is State.GRACE:
        changes = (Verified("dns", recovered=True),)
    kept = replace(
        claim,
        state=State.VERIFIED,
        first_seen_at=claim.first_seen_at or moment.now,
        authenticated=evidence.authenticated,
        absent_since=None,
        counted_since=None,
        absent_count=0,
        contested_at=None,
        grace_started_at=None,
        grace_ends_at=None,
        grace_warnings=0,
        next_check_at=moment.after(moment.policy.recheck_every),
    )
    return Step(kept, changes)


def _count_absence(claim: Claim, moment: Moment) -> Claim:
    since = claim.absent_since or moment.now
    if moment.braked:
        return replace(claim, absent_since=since)
    return replace(
        claim,
        absent_since=since,
        counted_since=claim.counted_since or moment.now,
        absent_count=claim.absent_count + 1,
    )


def _beyond_doubt(claim: Claim, moment: Moment) -> bool:
    """Tell whether the absence counts: nothing holds it up, looks enough, over time enough."""
    if moment.braked or claim.overridden(moment.now):
        return False
    if claim.absent_count < moment.policy.absent_looks or claim.counted_since is None:
        return False
    if claim.state is State.GRACE:
        return True
    contested = claim.contested_at is not None
    span = moment.policy.contested_absent_for if contested else moment.policy.absent_for
    return moment.now - claim.counted_since >= span


def _into_grace(claim: Claim, moment: Moment) -> Claim:
    contested = claim.contested_at is not None
    grace = moment.policy.contested_grace if contested else moment.policy.grace
    begun = replace(
        claim,
        state=State.GRACE,
        grace_started_at=moment.now,
        grace_ends_at=moment.now + grace,
        grace_warnings=0,
        # The looks that end grace are counted afresh.
        absent_count=0,
        counted_since=None,
        override_until=None,
    )
    wait = moment.after(_absent_wait(begun, moment.policy))
    return replace(begun, next_check_at=_no_later(begun, wait, moment))


def _warned(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    """Warn when the next warning's day has come."""
    if claim.state is not State.GRACE or claim.grace_ends_at is None:
        return Step(claim)
    due = _warnings_due(claim, moment)
    if due <= claim.grace_warnings:
        return Step(claim)
    warning = GraceWarned(ends_at=claim.grace_ends_at, warning=due, reason=evidence.reason)
    return Step(replace(claim, grace_warnings=due), (warning,))


def _warnings_due(claim: Claim, moment: Moment) -> int:
    if claim.grace_started_at is None or claim.grace_ends_at is None:
        return 0
    passed = moment.now - claim.grace_started_at
    # A contested holder's shorter grace is warned at the same shares of it.
    scale = (claim.grace_ends_at - claim.grace_started_at) / moment.policy.grace
    return sum(1 for after in moment.policy.warn_after if passed >= after * scale)


def _absent_wait(claim: Claim, policy: Policy) -> timedelta:
    if claim.state is State.GRACE:
        return policy.grace_recheck
    return policy.contested_recheck if claim.contested_at else policy.absent_recheck


def _no_later(claim: Claim, at: datetime, moment: Moment) -> datetime:
    """Do not sleep past the end of an override or of grace."""
    ends = [claim.override_until, claim.grace_ends_at]
    return min([at, *(end_ for end_ in ends if end_ is not None and end_ > moment.now)])
