"""The breaker: when many held domains turn ABSENT at once, the fault is ours, not theirs.

Once open it stays open until the suspects have come back, or an operator has accepted that they are
really gone. While it is open nothing is taken away, and no absence from before it closed counts
(docs/adr/0007).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from domain_verifier.domain.policy import Policy
from kernel.errors import ConflictError


@dataclass(frozen=True, slots=True)
class Breaker:
    """Whether transitions are held up, and since when."""

    opened_at: datetime | None = None
    closed_at: datetime | None = None
    """When it last closed; runs of absences that began before count for nothing."""
    accepted_at: datetime | None = None
    """Absences that began before are known to be real and make no suspects."""

    @property
    def is_open(self) -> bool:
        """Whether nothing may be taken away."""
        return self.opened_at is not None

    def suspects_since(self, now: datetime, policy: Policy) -> datetime:
        """Return from when on a held domain that turned ABSENT is a suspect."""
        began = (self.opened_at or now) - policy.suspect_window
        return max(began, self.accepted_at) if self.accepted_at else began


@dataclass(frozen=True, slots=True)
class Count:
    """How many domains are held, and how many of them are suspects.

    Names below one registrable domain are one: they have the same name servers.
    """

    held: int
    suspects: int
    limited: int
    """The suspects of which no tenant counts for more than `Policy.breaker_tenant_limit`."""

    def reaches(self, policy: Policy, *, share: float = 1.0) -> bool:
        """Tell whether the suspects reach a share of either threshold."""
        return (
            self.limited >= policy.breaker_threshold(self.held) * share
            or self.suspects >= policy.breaker_small_threshold(self.held) * share
        )


def reconsider(breaker: Breaker, count: Count, *, now: datetime, policy: Policy) -> Breaker:
    """Return the breaker after counting."""
    if not breaker.is_open:
        return replace(breaker, opened_at=now) if count.reaches(policy) else breaker
    # Half-way back is back: a threshold alone would make it flutter.
    still = count.reaches(policy, share=0.5)
    return breaker if still else replace(breaker, opened_at=None, closed_at=now)


def accept(breaker: Breaker, *, now: datetime) -> Breaker:
    """Close the breaker because an operator accepted that the domains are really gone."""
    if not breaker.is_open:
        raise ConflictError("breaker_closed", "The breaker is not open: nothing is held up.")
    return replace(breaker, opened_at=None, closed_at=now, accepted_at=now)
