"""Sentences for the admin: what was seen, and what to do about it.

They name only the tenant's own record and what public DNS answers.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from domain_verifier.domain.challenge import Record, record_for
from domain_verifier.domain.evidence import TOLD, Hints, Look, Reason, Status
from domain_verifier.domain.name import DomainName

MAX_VALUES = 3
MAX_VALUE_LENGTH = 80
_SILENCES = frozenset({Reason.TIMEOUT, Reason.SERVFAIL, Reason.REFUSED})
# Tokens of other claims are recognised by their beginning; nobody needs the rest.
_TOKENS = re.compile(r"\b(token=[a-z2-7]{6})[a-z2-7]{26}\b")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose record is looked for."""

    domain: DomainName
    token: str

    @property
    def record(self) -> Record:
        """The record that would prove the claim."""
        return record_for(self.domain, self.token)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a sentence may name."""

    record: Record
    host: str
    """The record's name as the console of its zone asks for it."""
    domain: DomainName
    looks: Sequence[Look]
    present: Sequence[bool]
    doubled_at: str
    retry: str = ""

    @classmethod
    def of(
        cls, subject: Subject, looks: Sequence[Look], present: Sequence[bool], hints: Hints | None
    ) -> "Seen":
        """Return what was seen of a claim."""
        record, domain = subject.record, subject.domain
        doubled_at = (hints.doubled_at if hints else None) or ""
        host = _host_in(record, domain, looks)
        return cls(record, host, domain, looks, present, doubled_at)


def explain(reason: Reason, seen: Seen, retry_after: timedelta | None) -> str:
    """Return what an admin should know about a check that ended for this reason."""
    if reason in _SILENCES and _perhaps_ours(seen):
        return _ours(seen)
    return _SENTENCES[reason](replace(seen, retry=_retry(retry_after)))


def _host_in(record: Record, domain: DomainName, looks: Sequence[Look]) -> str:
    """Return the host part, relative to the zone that denied the record if it is the tenant's."""
    zones = [look.answer.zone for look in looks if not look.answer.chain]
    for zone in (domain.ascii, *domain.parents):
        if zone in zones:
            return record.name.removesuffix(f".{zone}")
    return record.host


def _perhaps_ours(seen: Seen) -> bool:
    """Tell whether another resolver was answered, or none could be reached at all."""
    statuses = {look.answer.status for look in seen.looks}
    return not statuses.isdisjoint(TOLD) or statuses <= {Status.UNREACHABLE}


def _ours(seen: Seen) -> str:
    failed = [look.answer for look in seen.looks if look.answer.status not in TOLD]
    who = ", ".join(f"{answer.resolver} ({answer.status})" for answer in failed)
    sees = _resolvers(seen, present=True)
    others = f" {sees} sees the record." if sees else ""
    return (
        f"Not all of our resolvers could answer: {who}.{others} Perhaps the fault is ours. Nothing "
        "changes meanwhile; we look again by ourselves."
    )


def values_shown(looks: Sequence[Look]) -> str:
    """Return the values found, in order, safe to print and cut to size."""
    values = list(dict.fromkeys(value for look in looks for value in look.answer.values))
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
        f"Resolvers may keep this answer for another {span_of(retry_after)}; "
        "we look again by ourselves after that."
    )


def span_of(span: timedelta) -> str:
    """Return a time in its largest whole unit, rounded up."""
    seconds = max(1, int(span.total_seconds()))
    for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = -(-seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    raise AssertionError


def _chain(seen: Seen) -> str:
    chain = max((look.answer.chain for look in seen.looks), key=len, default=())
    return " → ".join((seen.record.name, *chain))


def _resolvers(seen: Seen, *, present: bool) -> str:
    pairs = zip(seen.looks, seen.present, strict=True)
    return ", ".join(look.answer.resolver for look, sees in pairs if sees is present)


def _matched(seen: Seen) -> str:
    return f"The record at {seen.record.name} is right. Keep it there: it is looked at every day."


def _no_record(seen: Seen) -> str:
    return (
        f"There is no TXT record at {seen.record.name} yet. Publish host “{seen.host}” with "
        f"value “{seen.record.value}”. {seen.retry}"
    )


def _wrong_value(seen: Seen) -> str:
    return (
        f"{seen.record.name} holds {values_shown(seen.looks)}, but none is "
        f"“{seen.record.value}”. Add that value; other values may stay. {seen.retry}"
    )


def _near_miss(seen: Seen) -> str:
    return (
        f"{seen.record.name} holds {values_shown(seen.looks)}: the token is right but the value is "
        f"not exactly “{seen.record.value}”. Remove added quotes, spaces or text. {seen.retry}"
    )


def _doubled_zone(seen: Seen) -> str:
    return (
        f"The record stands at {seen.doubled_at}: the DNS console added the zone's name once more. "
        f"Enter only “{seen.host}” as the host. {seen.retry}"
    )


def _no_domain(seen: Seen) -> str:
    return (
        f"The domain {seen.domain.registrable} does not exist in DNS: the zone above it knows no "
        f"such name. Check the spelling and the registration. {seen.retry}"
    )


def _at_apex(seen: Seen) -> str:
    return (
        f"The value stands at {seen.domain.ascii} itself. It belongs at {seen.record.name}: "
        f"enter “{seen.host}” as the host. {seen.retry}"
    )


def _cname_broken(seen: Seen) -> str:
    return (
        f"{_chain(seen)} is an alias that leads to no TXT record. Replace the CNAME by a TXT "
        f"record with value “{seen.record.value}”. {seen.retry}"
    )


def _wildcard(seen: Seen) -> str:
    return (
        f"Any name below {seen.domain.ascii} answers with this value, so a wildcard (*) record "
        f"gives it. Publish a TXT record at exactly {seen.record.name}."
    )


def _foreign_cname(seen: Seen) -> str:
    if any(look.answer.redirected for look in seen.looks):
        return (
            f"{_chain(seen)}: a DNAME redirects all names there, so the value says nothing about "
            f"this one. Publish a TXT record at {seen.record.name} itself."
        )
    return (
        f"{_chain(seen)}: the value comes from a zone that is not {seen.domain.registrable}, so it "
        f"says nothing about this domain's owner. Publish a TXT record at {seen.record.name} "
        f"itself, or let the CNAME's target begin with the claim's token."
    )


def _some_resolvers(seen: Seen) -> str:
    return (
        f"Only some resolvers see the record: {_resolvers(seen, present=True)} yes, "
        f"{_resolvers(seen, present=False)} not yet. The change is on its way, or your "
        f"name servers differ. {seen.retry}"
    )


def _dnssec_bogus(seen: Seen) -> str:
    return (
        f"The DNSSEC signatures of {seen.domain.registrable} are wrong, so resolvers must not "
        "believe its answers. Have the zone's signing or the DS record at the registrar put right."
    )


def _servfail(seen: Seen) -> str:
    return (
        f"The name servers of {seen.domain.registrable} failed to answer (SERVFAIL): a fault "
        "there, a broken delegation, or an alias that goes in circles. Nothing changes until they "
        "answer."
    )


def _refused(seen: Seen) -> str:
    return (
        f"The question for {seen.record.name} was refused (REFUSED). The domain's name servers do "
        "not serve it, or our resolvers may not ask. Nothing changes until they answer."
    )


def _timeout(seen: Seen) -> str:
    return (
        f"No answer for {seen.record.name} came in time. The domain's name servers or the way to "
        "them are down. Nothing changes until they answer."
    )


def _cname_loop(seen: Seen) -> str:
    return (
        f"{seen.record.name} is an alias that goes in circles or through too many names. Replace "
        f"the CNAME by a TXT record with value “{seen.record.value}”."
    )


def _unproven_denial(seen: Seen) -> str:
    return (
        f"Resolvers say that there is nothing at {seen.record.name}, but not on the word of the "
        "zone (its SOA did not come along), so it does not count. The delegation may be broken."
    )


def _unusable(seen: Seen) -> str:
    return f"The answer for {seen.record.name} was malformed or too large to be used."


_SENTENCES: dict[Reason, Callable[[Seen], str]] = {
    Reason.MATCHED: _matched,
    Reason.NO_RECORD: _no_record,
    Reason.WRONG_VALUE: _wrong_value,
    Reason.NEAR_MISS: _near_miss,
    Reason.DOUBLED_ZONE: _doubled_zone,
    Reason.AT_APEX: _at_apex,
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
