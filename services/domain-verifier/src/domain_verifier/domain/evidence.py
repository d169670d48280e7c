"""What a check of one claim found: each resolver's answer, and the verdict over all.

`UNKNOWN` is never evidence for or against: only `PRESENT` gives a domain and only `ABSENT`, again
and again, takes it away.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """What a check says of the record."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """How one resolver answered one question."""

    ANSWERED = "answered"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    SERVFAIL = "servfail"
    BOGUS = "bogus"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    LOOP = "cname_loop"
    MALFORMED = "malformed"
    UNREACHABLE = "unreachable"


DENIALS = frozenset({Status.NXDOMAIN, Status.NODATA})
CONCLUSIVE = DENIALS | {Status.ANSWERED}
"""Statuses of a resolver that worked: it has records, or a denial."""


class Reason(StrEnum):
    """Why a check came out as it did."""

    MATCHED = "matched"
    NO_RECORD = "no_record"
    WRONG_VALUE = "wrong_value"
    NEAR_MISS = "near_miss"
    DOUBLED_ZONE = "doubled_zone"
    AT_APEX = "at_apex"
    AT_PARENT = "at_parent"
    NO_DOMAIN = "no_domain"
    CNAME_BROKEN = "cname_broken"
    WILDCARD = "wildcard"
    FOREIGN_CNAME = "foreign_cname"
    SOME_RESOLVERS = "some_resolvers"
    DNSSEC_BOGUS = "dnssec_bogus"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    CNAME_LOOP = "cname_loop"
    UNPROVEN_DENIAL = "unproven_denial"
    UNUSABLE_ANSWER = "unusable_answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """One resolver's answer to one TXT question."""

    resolver: str
    status: Status
    values: tuple[bytes, ...] = ()
    chain: tuple[str, ...] = ()
    """The CNAME targets in the order they were followed."""
    redirected: frozenset[str] = frozenset()
    """Those of them that a DNAME made up (RFC 6672), as it does for every name below it."""
    ad: bool = False
    """The AD bit: the resolver says that it validated the answer with DNSSEC."""
    authenticated: bool = False
    """The AD bit came over a path that nobody else can write to."""
    ttl: int | None = None
    """Seconds the answer may be kept; for a denial the negative TTL (RFC 2308 §5)."""
    zone: str | None = None
    """The zone whose SOA came with a denial, so that it is known who denies; `""` is the root."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One resolver's answers about a claim."""

    answer: Answer
    sibling: Answer | None = None
    """The answer for a random sibling of the record's name, queried when the record matched."""


@dataclass(frozen=True, slots=True)
class Hints:
    """Where else the value was found, queried only to explain a missing record."""

    doubled_at: str | None = None
    """The name that holds the value because a zone's name was added once more."""
    at_apex: bool = False
    above_at: str | None = None
    """The name that holds the value because it was published for a domain above the claimed one."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A check's verdict, for the state machine and for the admin."""

    outcome: Outcome
    reason: Reason
    explanation: str
    authenticated: bool = False
    retry_after: timedelta | None = None
    """How long resolvers may go on denying the record."""
    observations: tuple[Observation, ...] = ()
