"""Explanations for the admin: what was found, and what to do about it.

They name only the tenant's own record and what public DNS answers.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from domain_verifier.domain.challenge import Record, record_for, unquoted
from domain_verifier.domain.evidence import CONCLUSIVE, Hints, Observation, Reason, Status
from domain_verifier.domain.name import DomainName

MAX_VALUES = 3
MAX_VALUE_LENGTH = 80
_NO_ANSWER = frozenset({Reason.TIMEOUT, Reason.SERVFAIL, Reason.REFUSED})
# Tokens of other claims are recognised by their beginning; nobody needs the rest.
_TOKENS = re.compile(r"\b(token=[a-z2-7]{6})[a-z2-7]{26}\b")


@dataclass(frozen=True, slots=True)
class Subject:
    """The domain and token whose record is queried."""

    domain: DomainName
    token: str

    @property
    def record(self) -> Record:
        """The record that would prove the claim."""
        return record_for(self.domain, self.token)


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything an explanation may name."""

    record: Record
    host: str
    """The record's name as the console of its zone asks for it."""
    domain: DomainName
    observations: Sequence[Observation]
    present: Sequence[bool]
    doubled_at: str
    above_at: str
    unquoted: bool = False
    """Whether the value was found without its blank."""
    retry: str = ""

    @classmethod
    def of(
        cls,
        subject: Subject,
        observations: Sequence[Observation],
        present: Sequence[bool],
        hints: Hints | None,
    ) -> "Findings":
        """Return what was seen of a claim."""
        record, domain = subject.record, subject.domain
        doubled_at = (hints.doubled_at if hints else None) or ""
        above_at = (hints.above_at if hints else None) or ""
        host = _host_in(record, domain, observations)
        values = [value for each in observations for value in each.answer.values]
        split = unquoted(subject.token, values)
        return cls(record, host, domain, observations, present, doubled_at, above_at, split)


def explain(reason: Reason, found: Findings, retry_after: timedelta | None) -> str:
    """Return what an admin should know about a check that ended for this reason."""
    if reason in _NO_ANSWER and _perhaps_our_fault(found):
        return _our_fault(found)
    return _SENTENCES[reason](replace(found, retry=_retry(retry_after)))


def _host_in(record: Record, domain: DomainName, observations: Sequence[Observation]) -> str:
    """Return the host part, relative to the zone that denied the record if it is the tenant's."""
    zones = [
        observation.answer.zone for observation in observations if not observation.answer.chain
    ]
    for zone in (domain.ascii, *domain.parents):
        if zone in zones:
            return record.name.removesuffix(f".{zone}")
    return record.host


def _perhaps_our_fault(found: Findings) -> bool:
    """Tell whether another resolver was answered, or none could be reached at all."""
    statuses = {observation.answer.status for observation in found.observations}
    return not statuses.isdisjoint(CONCLUSIVE) or statuses <= {Status.UNREACHABLE}


def _our_fault(found: Findings) -> str:
    failed = [
        observation.answer
        for observation in found.observations
        if observation.answer.status not in CONCLUSIVE
    ]
    who = ", ".join(f"{answer.resolver} ({answer.status})" for answer in failed)
    sees = _resolvers(found, present=True)
    others = f" {sees} sees the record." if sees else ""
    return (
        f"Not all of our resolvers could answer: {who}.{others} Perhaps the fault is ours. Nothing "
        "changes meanwhile; we look again by ourselves."
    )


def values_shown(observations: Sequence[Observation]) -> str:
    """Return the values found, in order, safe to print and cut to size."""
    values = list(
        dict.fromkeys(value for observation in observations for value in observation.answer.values)
    )
    shown = ", ".join(f"“{_printable(value)}”" for value in values[:MAX_VALUES])
    more = len(values) - MAX_VALUES
    return f"{shown} and {more} more" if more > 0 else shown


def _printable(value: bytes) -> str:
    text = "".join(chr(b) if 0x20 <= b < 0x7F else f"\\{b:03d}" for b in value)
    text = _TOKENS.sub(r"\1…", text)
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[:MAX_VALUE_LENGTH]}…"


def _retry(retry_after: timedelta | None) -> str:
    if retry_after is None:
        return "We look again by ourselves."
    return (
        f"Resolvers may keep this answer for another {format_span(retry_after)}; "
        "we look again by ourselves after that."
    )


def format_span(span: timedelta) -> str:
    """Return a time in its largest whole unit, rounded up."""
    seconds = max(1, int(span.total_seconds()))
    for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = -(-seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    raise AssertionError


def _chain(found: Findings) -> str:
    chain = max(
        (observation.answer.chain for observation in found.observations), key=len, default=()
    )
    return " → ".join((found.record.name, *chain))


def _resolvers(found: Findings, *, present: bool) -> str:
    pairs = zip(found.observations, found.present, strict=True)
    return ", ".join(observation.answer.resolver for observation, sees in pairs if sees is present)


def _matched(found: Findings) -> str:
    return f"The record at {found.record.name} is right. Keep it there: it is looked at every day."


def _no_record(found: Findings) -> str:
    return (
        f"There is no TXT record at {found.record.name} yet. Publish host “{found.host}” with "
        f"value “{found.record.value}”. {found.retry}"
    )


def _wrong_value(found: Findings) -> str:
    return (
        f"{found.record.name} holds {values_shown(found.observations)}, but none is "
        f"“{found.record.value}”. Add that value; other values may stay. {found.retry}"
    )


def _near_miss(found: Findings) -> str:
    if found.unquoted:
        return (
            f"{found.record.name} holds the value in two parts, which are read as one without the "
            f'blank. In a zone file the value stands in double quotes: "{found.record.value}". '
            f"{found.retry}"
        )
    return (
        f"{found.record.name} holds {values_shown(found.observations)}: the token is right but the "
        f"value is not exactly “{found.record.value}”. Remove added quotes, spaces or text. "
        f"{found.retry}"
    )


def _doubled_zone(found: Findings) -> str:
    return (
        f"The record stands at {found.doubled_at}: the DNS console added the zone's name once "
        f"more. Enter only “{found.host}” as the host. {found.retry}"
    )


def _no_domain(found: Findings) -> str:
    return (
        f"The domain {found.domain.registrable} does not exist in DNS: the zone above it knows no "
        f"such name. Check the spelling and the registration. {found.retry}"
    )


def _at_apex(found: Findings) -> str:
    return (
        f"The value stands at {found.domain.ascii} itself. It belongs at {found.record.name}: "
        f"enter “{found.host}” as the host. {found.retry}"
    )


def _at_parent(found: Findings) -> str:
    return (
        f"The value stands at {found.above_at}, which is above the claimed domain. It belongs at "
        f"{found.record.name}: enter “{found.host}” as the host. {found.retry}"
    )


def _cname_broken(found: Findings) -> str:
    return (
        f"{_chain(found)} is an alias that leads to no TXT record. Replace the CNAME by a TXT "
        f"record with value “{found.record.value}”. {found.retry}"
    )


def _wildcard(found: Findings) -> str:
    return (
        f"Any name below {found.domain.ascii} answers with this value, so a wildcard (*) record "
        f"gives it. Publish a TXT record at exactly {found.record.name}."
    )


def _foreign_cname(found: Findings) -> str:
    if any(observation.answer.redirected for observation in found.observations):
        return (
            f"{_chain(found)}: a DNAME redirects all names there, so the value says nothing about "
            f"this one. Publish a TXT record at {found.record.name} itself."
        )
    return (
        f"{_chain(found)}: the value comes from a zone that is not {found.domain.registrable}, "
        f"so it says nothing about this domain's owner. Publish a TXT record at "
        f"{found.record.name} itself, or let the CNAME's target begin with the claim's token."
    )


def _some_resolvers(found: Findings) -> str:
    return (
        f"Only some resolvers see the record: {_resolvers(found, present=True)} yes, "
        f"{_resolvers(found, present=False)} not yet. The change is on its way, or your "
        f"name servers differ. {found.retry}"
    )


def _dnssec_bogus(found: Findings) -> str:
    return (
        f"The DNSSEC signatures of {found.domain.registrable} are wrong, so resolvers must not "
        "believe its answers. Have the zone's signing or the DS record at the registrar put right."
    )


def _servfail(found: Findings) -> str:
    return (
        f"The name servers of {found.domain.registrable} failed to answer (SERVFAIL): a fault "
        "there, a broken delegation, or an alias that goes in circles. Nothing changes until they "
        "answer."
    )


def _refused(found: Findings) -> str:
    return (
        f"The question for {found.record.name} was refused (REFUSED). The domain's name servers do "
        "not serve it, or our resolvers may not ask. Nothing changes until they answer."
    )


def _timeout(found: Findings) -> str:
    return (
        f"No answer for {found.record.name} came in time. The domain's name servers or the way to "
        "them are down. Nothing changes until they answer."
    )


def _cname_loop(found: Findings) -> str:
    return (
        f"{found.record.name} is an alias that goes in circles or through too many names. Replace "
        f"the CNAME by a TXT record with value “{found.record.value}”."
    )


def _unproven_denial(found: Findings) -> str:
    return (
        f"Resolvers say that there is nothing at {found.record.name}, but not on the word of the "
        "zone (its SOA did not come along), so it does not count. The delegation may be broken."
    )


def _unusable(found: Findings) -> str:
    return f"The answer for {found.record.name} was malformed or too large to be used."


_SENTENCES: dict[Reason, Callable[[Findings], str]] = {
    Reason.MATCHED: _matched,
    Reason.NO_RECORD: _no_record,
    Reason.WRONG_VALUE: _wrong_value,
    Reason.NEAR_MISS: _near_miss,
    Reason.DOUBLED_ZONE: _doubled_zone,
    Reason.AT_APEX: _at_apex,
    Reason.AT_PARENT: _at_parent,
    Reason.NO_DOMAIN: _no_domain,
    Reason.CNAME_BROKEN: _cname_broken,
    Reason.WILDCARD: _wildcard,
    Reason.FOREIGN_CNAME: _foreign_cname,
    Reason.SOME_RESOLVERS: _some_resolvers,
    Reason.DNSSEC_BOGUS: _dnssec_bogus,
    Reason.SERVFAIL: _servfail,
    Reason.REFUSED: _refused,
    Reason.TIMEOUT: _timeout,
    Reason.CNAME_LOOP: _cname_loop,
    Reason.UNPROVEN_DENIAL: _unproven_denial,
    Reason.UNUSABLE_ANSWER: _unusable,
}
