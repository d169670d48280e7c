"""What a check does to a claim that holds its domain."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain_verifier.domain.changes import Change, GraceWarned, Lapsed, Verified
from domain_verifier.domain.check_context import Moment
from domain_verifier.domain.claim import Claim, State, Step, end
from domain_verifier.domain.confirmation import lately_seen, sighting
from domain_verifier.domain.denials import count_absence, enough_denials, wait_between
from domain_verifier.domain.evidence import Evidence, Outcome


def observe_holding(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    """Return the claim after a check."""
    if evidence.outcome is Outcome.PRESENT:
        return _still_there(claim, evidence, moment)
    held = _under_the_brake(claim, moment) if moment.braked else claim
    if evidence.outcome is Outcome.UNKNOWN:
        return _unseen(held, evidence, moment)
    return _missing(replace(held, first_seen_at=None), evidence, moment)


def _still_there(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    seen = sighting(claim, evidence, moment)
    if claim.proved_at is None and seen.confirm_at is not None:
        # Held on operators' word so far: DNS must prove it as it does any claim.
        waiting = replace(claim, first_seen_at=seen.since, next_check_at=seen.confirm_at)
        return _warned(waiting, evidence, moment)
    recovered = claim.state is State.GRACE
    changes: tuple[Change, ...] = ()
    if recovered or claim.proved_at is None:
        changes = (Verified("dns", recovered=recovered),)
    kept = replace(
        claim,
        state=State.VERIFIED,
        first_seen_at=seen.since,
        proved_at=claim.proved_at or moment.now,
        authenticated=evidence.authenticated,
        absent_since=None,
        counted_since=None,
        counted_at=None,
        absent_count=0,
        grace_started_at=None,
        grace_ends_at=None,
        grace_warnings=0,
        next_check_at=moment.after(moment.policy.recheck_every),
    )
    return Step(kept, changes)


def _under_the_brake(claim: Claim, moment: Moment) -> Claim:
    """Let grace not run out while the breaker is open, nor at once when it closes."""
    if claim.grace_ends_at is None:
        return claim
    at_least = moment.now + moment.policy.notice
    return replace(claim, grace_ends_at=max(claim.grace_ends_at, at_least))


def _unseen(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    if not moment.braked and _rests_on_word_alone(claim, moment.now):
        return _word_ended(claim, evidence, moment)
    delays = moment.policy.unknown_delays
    known_before = claim.last_outcome is not Outcome.UNKNOWN
    wait = delays[0 if known_before else min(claim.looks, len(delays) - 1)]
    return _warned(_wait(claim, wait, moment), evidence, moment)


def _missing(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    missing = count_absence(claim, moment)
    if enough_denials(missing, evidence, moment):
        if claim.state is State.VERIFIED:
            return _warned(_into_grace(missing, moment), evidence, moment)
        missing, hastened = _hastened(missing, moment)
        if _grace_is_over(missing, moment):
            return _lapsed(missing, evidence, moment)
        waiting = _wait(missing, wait_between(missing, moment.policy), moment)
        return _warned(waiting, evidence, moment, again=hastened)
    return _warned(_wait(missing, wait_between(missing, moment.policy), moment), evidence, moment)


def _rests_on_word_alone(claim: Claim, now: datetime) -> bool:
    """Tell whether DNS never proved the claim and the operators' override has ended."""
    return claim.proved_at is None and not claim.overridden(now)


def _word_ended(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    """Let a claim go whose only proof was an override: silence of DNS must not prolong that."""
    if claim.state is State.VERIFIED:
        return _warned(_into_grace(claim, moment), evidence, moment)
    if _grace_is_over(claim, moment) and not lately_seen(claim, moment):
        return _lapsed(claim, evidence, moment)
    return _warned(_wait(claim, moment.policy.grace_recheck, moment), evidence, moment)


def _grace_is_over(claim: Claim, moment: Moment) -> bool:
    return claim.grace_ends_at is not None and moment.now >= claim.grace_ends_at


def _lapsed(claim: Claim, evidence: Evidence, moment: Moment) -> Step:
    ended = end(claim, State.LAPSED, now=moment.now)
    return Step(ended, (Lapsed(reason=evidence.reason),))


def _into_grace(claim: Claim, moment: Moment) -> Claim:
    grace = moment.policy.grace_of(contested=claim.contested_since is not None)
    begun = replace(
        claim,
        state=State.GRACE,
        grace_started_at=moment.now,
        grace_ends_at=moment.now + grace,
        grace_warnings=0,
        # The looks that end grace are counted afresh.
        absent_count=0,
        counted_since=None,
        counted_at=None,
        override_until=None,
    )
    return _wait(begun, wait_between(begun, moment.policy), moment)


def _hastened(claim: Claim, moment: Moment) -> tuple[Claim, bool]:
    """Let grace end sooner if somebody else proves the domain, but not without notice."""
    if claim.contested_since is None or claim.grace_started_at is None:
        return claim, False
    began = max(claim.contested_since, claim.grace_started_at)
    contested_end = began + moment.policy.grace_of(contested=True)
    ends_at = max(contested_end, moment.now + moment.policy.notice)
    if claim.grace_ends_at is None or claim.grace_ends_at <= ends_at:
        return claim, False
    return replace(claim, grace_ends_at=ends_at), True


def _warned(claim: Claim, evidence: Evidence, moment: Moment, *, again: bool = False) -> Step:
    """Warn when the next warning's day has come, or `again` because the end has moved."""
    if claim.state is not State.GRACE or claim.grace_ends_at is None or moment.braked:
        return Step(claim)
    due = max(_warnings_due(claim, moment), claim.grace_warnings)
    if due == claim.grace_warnings and not again:
        return Step(claim)
    warning = GraceWarned(ends_at=claim.grace_ends_at, warning=max(due, 1), reason=evidence.reason)
    return Step(replace(claim, grace_warnings=due), (warning,))


def _warnings_due(claim: Claim, moment: Moment) -> int:
    return sum(1 for at in _warning_times(claim, moment) if at <= moment.now)


def _warning_times(claim: Claim, moment: Moment) -> list[datetime]:
    if claim.grace_started_at is None or claim.grace_ends_at is None:
        return []
    length = claim.grace_ends_at - claim.grace_started_at
    return [claim.grace_started_at + length * share for share in moment.policy.warn_at]


def _wait(claim: Claim, wait: timedelta, moment: Moment) -> Claim:
    """Look again after a wait, but sleep past no warning and no end of grace or override."""
    ends = [at for at in (claim.override_until, claim.grace_ends_at) if at is not None]
    coming = [at for at in (*ends, *_warning_times(claim, moment)) if at > moment.now]
    return replace(claim, next_check_at=min([moment.after(wait), *coming]))
