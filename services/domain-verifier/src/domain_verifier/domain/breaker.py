"""The breaker: when many held domains turn ABSENT at once, the fault is ours, not theirs.

Once open it stays open until the suspects have come back, or an operator has accepted that they are
really gone. While it is open nothing is taken away (docs/adr/0007).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from domain_verifier.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Breaker:
    """Whether transitions are held up, and since when."""

    opened_at: datetime | None = None
    accepted_at: datetime | None = None
    """Denials that began before are known to be real and count no more."""

    def suspects_since(self, now: datetime, policy: Policy) -> datetime:
        """Return from when on a held domain that turned ABSENT is a suspect."""
        began = (self.opened_at or now) - policy.breaker_window
        return max(began, self.accepted_at) if self.accepted_at else began


@dataclass(frozen=True, slots=True)
class Count:
    """How many domains are held, and how many of them are suspects."""

    held: int
    suspects: int


def reconsider(breaker: Breaker, count: Count, *, now: datetime, policy: Policy) -> Breaker:
    """Return the breaker as it stands after counting."""
    threshold = policy.breaker_threshold(count.held)
    if breaker.opened_at is None:
        return replace(breaker, opened_at=now) if count.suspects >= threshold else breaker
    # Half-way back is back: a threshold alone would make it flutter.
    return replace(breaker, opened_at=None) if count.suspects * 2 < threshold else breaker


def accept(breaker: Breaker, *, now: datetime) -> Breaker:
    """Close the breaker on an operator's word that the domains are really gone."""
    return replace(breaker, opened_at=None, accepted_at=now)
