"""What a check changes in a claim that holds its domain: re-verification, grace, lapse."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain_verifier.domain.absences import count_absence, enough_absences, wait_between_checks
from domain_verifier.domain.changes import Change, GraceWarned, Lapsed, Verified
from domain_verifier.domain.check_context import CheckContext
from domain_verifier.domain.claim import Claim, State, Transition, end
from domain_verifier.domain.confirmation import awaits_confirmation, confirmation_of
from domain_verifier.domain.evidence import Evidence, Outcome


def apply_to_held(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    """Return the claim after a check."""
    if evidence.outcome is Outcome.PRESENT:
        return _record_present(claim, evidence, context)
    held = _extend_grace(claim, context) if context.breaker_open else claim
    if evidence.outcome is Outcome.UNKNOWN:
        return _no_answer(held, evidence, context)
    return _record_absent(replace(held, first_seen_at=None), evidence, context)


def _record_present(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    confirmation = confirmation_of(claim, evidence, context)
    if claim.proved_at is None and confirmation.confirm_at is not None:
        # Held on an override so far: DNS must prove it as it does any claim.
        waiting = replace(
            claim, first_seen_at=confirmation.since, next_check_at=confirmation.confirm_at
        )
        return _warn_if_due(waiting, evidence, context)
    recovered = claim.state is State.GRACE
    changes: tuple[Change, ...] = ()
    if recovered or claim.proved_at is None:
        changes = (Verified("dns", recovered=recovered),)
    kept = replace(
        claim,
        state=State.VERIFIED,
        first_seen_at=confirmation.since,
        proved_at=claim.proved_at or context.now,
        authenticated=evidence.authenticated,
        absent_since=None,
        counted_since=None,
        counted_at=None,
        absent_count=0,
        grace_started_at=None,
        grace_ends_at=None,
        grace_warnings=0,
        next_check_at=context.after(context.policy.recheck_every),
    )
    return Transition(kept, changes)


def _extend_grace(claim: Claim, context: CheckContext) -> Claim:
    """Extend grace while the breaker is open: it ends with notice after that closes."""
    if claim.grace_ends_at is None:
        return claim
    at_least = context.now + context.policy.notice
    return replace(claim, grace_ends_at=max(claim.grace_ends_at, at_least))


def _no_answer(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    if not context.breaker_open and _rests_on_override_alone(claim, context.now):
        return _override_ended(claim, evidence, context)
    delays = context.policy.unknown_delays
    known_before = claim.last_outcome is not Outcome.UNKNOWN
    wait = delays[0 if known_before else min(claim.check_count, len(delays) - 1)]
    return _warn_if_due(_schedule(claim, wait, context), evidence, context)


def _record_absent(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    missing = count_absence(claim, context)
    if enough_absences(missing, evidence, context):
        if claim.state is State.VERIFIED:
            return _warn_if_due(_begin_grace(missing, context), evidence, context)
        missing, shortened = _shorten_grace(missing, context)
        if _grace_is_over(missing, context):
            return _lapse(missing, evidence, context)
        waiting = _schedule(missing, wait_between_checks(missing, context.policy), context)
        return _warn_if_due(waiting, evidence, context, again=shortened)
    return _warn_if_due(
        _schedule(missing, wait_between_checks(missing, context.policy), context), evidence, context
    )


def _rests_on_override_alone(claim: Claim, now: datetime) -> bool:
    """Tell whether DNS never proved the claim and the operators' override has ended."""
    return claim.proved_at is None and not claim.is_overridden(now)


def _override_ended(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    """Let a claim lapse whose only proof was an override: UNKNOWN must not prolong that."""
    if claim.state is State.VERIFIED:
        return _warn_if_due(_begin_grace(claim, context), evidence, context)
    if _grace_is_over(claim, context) and not awaits_confirmation(claim, context):
        return _lapse(claim, evidence, context)
    return _warn_if_due(_schedule(claim, context.policy.grace_recheck, context), evidence, context)


def _grace_is_over(claim: Claim, context: CheckContext) -> bool:
    return claim.grace_ends_at is not None and context.now >= claim.grace_ends_at


def _lapse(claim: Claim, evidence: Evidence, context: CheckContext) -> Transition:
    ended = end(claim, State.LAPSED, now=context.now)
    return Transition(ended, (Lapsed(reason=evidence.reason),))


def _begin_grace(claim: Claim, context: CheckContext) -> Claim:
    grace = context.policy.grace_of(contested=claim.contested_since is not None)
    begun = replace(
        claim,
        state=State.GRACE,
        grace_started_at=context.now,
        grace_ends_at=context.now + grace,
        grace_warnings=0,
        # The checks that end grace are counted afresh.
        absent_count=0,
        counted_since=None,
        counted_at=None,
        override_until=None,
    )
    return _schedule(begun, wait_between_checks(begun, context.policy), context)


def _shorten_grace(claim: Claim, context: CheckContext) -> tuple[Claim, bool]:
    """End grace sooner if somebody else proves the domain, but not without notice."""
    if claim.contested_since is None or claim.grace_started_at is None:
        return claim, False
    began = max(claim.contested_since, claim.grace_started_at)
    contested_end = began + context.policy.grace_of(contested=True)
    ends_at = max(contested_end, context.now + context.policy.notice)
    if claim.grace_ends_at is None or claim.grace_ends_at <= ends_at:
        return claim, False
    return replace(claim, grace_ends_at=ends_at), True


def _warn_if_due(
    claim: Claim, evidence: Evidence, context: CheckContext, *, again: bool = False
) -> Transition:
    """Warn when the next warning's day has come, or `again` because the end has moved."""
    if claim.state is not State.GRACE or claim.grace_ends_at is None or context.breaker_open:
        return Transition(claim)
    due = max(_warnings_due(claim, context), claim.grace_warnings)
    if due == claim.grace_warnings and not again:
        return Transition(claim)
    warning = GraceWarned(ends_at=claim.grace_ends_at, warning=max(due, 1), reason=evidence.reason)
    return Transition(replace(claim, grace_warnings=due), (warning,))


def _warnings_due(claim: Claim, context: CheckContext) -> int:
    return sum(1 for at in _warning_times(claim, context) if at <= context.now)


def _warning_times(claim: Claim, context: CheckContext) -> list[datetime]:
    if claim.grace_started_at is None or claim.grace_ends_at is None:
        return []
    length = claim.grace_ends_at - claim.grace_started_at
    return [claim.grace_started_at + length * share for share in context.policy.warn_at]


def _schedule(claim: Claim, wait: timedelta, context: CheckContext) -> Claim:
    """Plan the next check after a wait, but no later than the next warning or end."""
    ends = [at for at in (claim.override_until, claim.grace_ends_at) if at is not None]
    coming = [at for at in (*ends, *_warning_times(claim, context)) if at > context.now]
    return replace(claim, next_check_at=min([context.after(wait), *coming]))
