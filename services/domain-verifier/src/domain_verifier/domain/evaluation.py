"""From the resolvers' answers to a verdict.

PRESENT needs every resolver to see the exact value at the exact name inside the tenant's own zone;
ABSENT needs every resolver to bring a denial or other values. Everything else is UNKNOWN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain_verifier.domain.challenge import near_miss, proves
from domain_verifier.domain.evidence import (
    Answer,
    Evidence,
    Hints,
    Observation,
    Outcome,
    Reason,
    Status,
)
from domain_verifier.domain.explanation import Findings, Subject, explain
from domain_verifier.domain.name import NamePolicy

# A claim is checked again after this time, however long caches may keep a denial.
MAX_RETRY_AFTER = timedelta(hours=24)

_FAULTS = {
    Status.BOGUS: Reason.DNSSEC_BOGUS,
    Status.SERVFAIL: Reason.SERVFAIL,
    Status.REFUSED: Reason.REFUSED,
    Status.TIMEOUT: Reason.TIMEOUT,
    Status.UNREACHABLE: Reason.TIMEOUT,
    Status.LOOP: Reason.CNAME_LOOP,
    Status.MALFORMED: Reason.UNUSABLE_ANSWER,
}
# Of several reasons the first one here is reported: an admin can do most about it.
_BY_PRECEDENCE = (
    Reason.WILDCARD,
    Reason.FOREIGN_CNAME,
    Reason.DNSSEC_BOGUS,
    Reason.CNAME_LOOP,
    Reason.SERVFAIL,
    Reason.REFUSED,
    Reason.UNUSABLE_ANSWER,
    Reason.UNPROVEN_DENIAL,
    Reason.TIMEOUT,
    Reason.NEAR_MISS,
    Reason.WRONG_VALUE,
    Reason.CNAME_BROKEN,
    Reason.NO_RECORD,
    Reason.NO_DOMAIN,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one resolver's observation means."""

    outcome: Outcome
    reason: Reason


def evaluate(
    observations: Sequence[Observation],
    *,
    subject: Subject,
    names: NamePolicy,
    hints: Hints | None = None,
) -> Evidence:
    """Return the verdict over all resolvers' observations."""
    verdicts = [
        evaluate_observation(observation, subject=subject, names=names)
        for observation in observations
    ]
    verdict = _combine(verdicts)
    if hints is not None and verdict.outcome is Outcome.ABSENT:
        verdict = Verdict(Outcome.ABSENT, _with_hints(verdict.reason, hints))
    present = verdicts_present(verdicts)
    retry_after = (
        _retry_after(observations, present) if verdict.outcome is not Outcome.PRESENT else None
    )
    return Evidence(
        outcome=verdict.outcome,
        reason=verdict.reason,
        explanation=explain(
            verdict.reason, Findings.of(subject, observations, present, hints), retry_after
        ),
        authenticated=bool(observations)
        and all(observation.answer.authenticated for observation in observations),
        retry_after=retry_after,
        observations=tuple(observations),
    )


def verdicts_present(verdicts: Sequence[Verdict]) -> tuple[bool, ...]:
    """Return for each resolver whether it sees the record."""
    return tuple(verdict.outcome is Outcome.PRESENT for verdict in verdicts)


def evaluate_observation(
    observation: Observation, *, subject: Subject, names: NamePolicy
) -> Verdict:
    """Return what one resolver's observation means."""
    answer = observation.answer
    if answer.status in _FAULTS:
        return Verdict(Outcome.UNKNOWN, _FAULTS[answer.status])
    if answer.status is not Status.ANSWERED:
        return _denial(answer, names)
    if not proves(subject.token, answer.values):
        close = near_miss(subject.token, answer.values)
        return Verdict(Outcome.ABSENT, Reason.NEAR_MISS if close else Reason.WRONG_VALUE)
    if not _chain_is_own(answer, subject, names):
        return Verdict(Outcome.UNKNOWN, Reason.FOREIGN_CNAME)
    return _check_wildcard(observation, subject)


def _denial(answer: Answer, names: NamePolicy) -> Verdict:
    """Return what a denial means: it counts if it comes from a zone that could know.

    The root knows no domains, so a denial of its is a fault on the way. A registry's zone knows
    that there is no such domain, but nothing about a name in one.
    """
    if not answer.zone:
        return Verdict(Outcome.UNKNOWN, Reason.UNPROVEN_DENIAL)
    by_registry = names.is_registry(answer.zone)
    if by_registry and answer.status is not Status.NXDOMAIN:
        return Verdict(Outcome.UNKNOWN, Reason.UNPROVEN_DENIAL)
    if answer.chain:
        return Verdict(Outcome.ABSENT, Reason.CNAME_BROKEN)
    return Verdict(Outcome.ABSENT, Reason.NO_DOMAIN if by_registry else Reason.NO_RECORD)


def _chain_is_own(answer: Answer, subject: Subject, names: NamePolicy) -> bool:
    """Tell whether every hop stays in the tenant's zone, or goes to a target made for this claim.

    A target whose first label is the claim's token was chosen for this claim by whoever edits the
    zone; what lies behind it is then its owner's business. What a DNAME redirects is chosen for no
    name in particular. A label may hold a dot, written with a backslash, which makes a name look
    as if it were elsewhere.
    """
    for target in answer.chain:
        if target in answer.redirected or "\\" in target:
            return False
        if target.split(".", 1)[0] == subject.token:
            return True
        if names.registrable(target) != subject.domain.registrable:
            return False
    return True


def _check_wildcard(observation: Observation, subject: Subject) -> Verdict:
    """Refuse a value that any other name in the zone answers with as well.

    An alias that another name shares is a wildcard's too, whatever its target says by now.
    """
    sibling = observation.sibling
    if sibling is None:
        return Verdict(Outcome.PRESENT, Reason.MATCHED)
    if sibling.status in _FAULTS:
        return Verdict(Outcome.UNKNOWN, _FAULTS[sibling.status])
    if sibling.status is not Status.ANSWERED and not sibling.zone:
        return Verdict(Outcome.UNKNOWN, Reason.UNPROVEN_DENIAL)
    if proves(subject.token, sibling.values) or not {*sibling.chain}.isdisjoint(
        observation.answer.chain
    ):
        return Verdict(Outcome.UNKNOWN, Reason.WILDCARD)
    return Verdict(Outcome.PRESENT, Reason.MATCHED)


def _combine(verdicts: Sequence[Verdict]) -> Verdict:
    if not verdicts:
        return Verdict(Outcome.UNKNOWN, Reason.TIMEOUT)
    outcomes = {verdict.outcome for verdict in verdicts}
    if outcomes == {Outcome.PRESENT}:
        return Verdict(Outcome.PRESENT, Reason.MATCHED)
    if Outcome.UNKNOWN in outcomes:
        unknown = [v.reason for v in verdicts if v.outcome is Outcome.UNKNOWN]
        return Verdict(Outcome.UNKNOWN, _most_actionable(unknown))
    if Outcome.PRESENT in outcomes:
        return Verdict(Outcome.UNKNOWN, Reason.SOME_RESOLVERS)
    return Verdict(Outcome.ABSENT, _most_actionable([verdict.reason for verdict in verdicts]))


def _most_actionable(reasons: Sequence[Reason]) -> Reason:
    return min(reasons, key=_BY_PRECEDENCE.index)


def _with_hints(reason: Reason, hints: Hints) -> Reason:
    if reason is not Reason.NO_RECORD:
        return reason
    if hints.doubled_at is not None:
        return Reason.DOUBLED_ZONE
    if hints.at_apex:
        return Reason.AT_APEX
    if hints.above_at is not None:
        return Reason.AT_PARENT
    return reason


def _retry_after(observations: Sequence[Observation], present: Sequence[bool]) -> timedelta | None:
    """Return how long the slowest cache that misses the record may keep its answer."""
    ttls = [
        observation.answer.ttl
        for observation, sees in zip(observations, present, strict=True)
        if observation.answer.ttl is not None and not sees
    ]
    return min(timedelta(seconds=max(ttls)), MAX_RETRY_AFTER) if ttls else None
