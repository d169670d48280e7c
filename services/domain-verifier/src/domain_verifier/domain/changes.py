"""What happened to a claim: logged, and published to the other services."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A tenant claimed a domain; nothing is proved yet."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The claim holds the domain from now on, or again after grace."""

    method: str
    """`dns`, or `override` by an operator."""
    recovered: bool = False
    override_until: datetime | None = None
    actor: str | None = None
    approved_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewBegan:
    """The claim is proved, but its domain is not free: people decide. Logged, not published."""


@dataclass(frozen=True, slots=True)
class GraceWarned:
    """The record is gone; the domain lapses at the given time unless it comes back.

    The first warning is the beginning of grace.
    """

    ends_at: datetime
    warning: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lapsed:
    """The claim lost its domain, for the record stayed away."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The record never appeared in the claim's lifetime."""

    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """Somebody gave the domain up."""

    reason: str
    actor: str


Published = Claimed | Verified | GraceWarned | Lapsed | Failed | Released
Change = Published | ReviewBegan
