"""How often claims are checked, and how long each state may last (docs/adr/0007)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil


@dataclass(frozen=True, slots=True)
class Policy:
    """The re-verification policy."""

    claim_lifetime: timedelta = timedelta(days=14)
    """A pending claim fails when its record has not appeared by then."""
    pending_delays: tuple[timedelta, ...] = (
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(hours=1),
    )
    """Waits after the first, second, … check of a pending claim; the last one repeats."""
    confirm_after: timedelta = timedelta(seconds=60)
    """Two checks this far apart are needed where DNSSEC does not authenticate the answer."""
    confirm_within: timedelta = timedelta(hours=24)
    """The second of them must come within this time of the first."""
    recheck_every: timedelta = timedelta(hours=24)
    recheck_jitter: float = 0.1
    """Share of a wait by which it is moved to and fro, so that claims spread over the day."""
    absent_checks: int = 3
    absent_for: timedelta = timedelta(hours=24)
    """Grace begins after this many ABSENT checks that span at least this time."""
    downgraded_absent_for: timedelta = timedelta(hours=72)
    """The same for a domain last proved with DNSSEC whose denials come without it."""
    absent_recheck: timedelta = timedelta(hours=8)
    absent_spacing: float = 0.5
    """Share of the wait between checks that must pass before the next absence counts."""
    absent_gap: timedelta = timedelta(hours=24)
    """A run of absences ends where two that count lie further apart."""
    grace: timedelta = timedelta(days=7)
    grace_recheck: timedelta = timedelta(hours=6)
    warn_at: tuple[float, ...] = (0, 3 / 7, 6 / 7)
    """When in grace the tenant is warned, as shares of it: on days 0, 3 and 6 of 7."""
    notice: timedelta = timedelta(hours=24)
    """So much of grace is left at least when its end has moved: by the breaker or a claimant."""
    contested_absent_for: timedelta = timedelta(hours=1)
    contested_recheck: timedelta = timedelta(minutes=20)
    contested_grace: timedelta = timedelta(days=2)
    """The shorter clocks of a holder whose domain somebody else has proved."""
    unknown_delays: tuple[timedelta, ...] = (
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(hours=1),
        timedelta(hours=4),
    )
    unknown_alert: timedelta = timedelta(hours=48)
    """A held domain whose checks said UNKNOWN for this long is brought to the operators."""
    breaker_share: float = 0.05
    breaker_minimum: int = 20
    breaker_tenant_limit: int = 5
    """So many suspects of all held domains trip the breaker; one tenant counts for so many."""
    breaker_small_share: float = 0.5
    breaker_small_minimum: int = 3
    """Such a share of all held domains trips it as well, however few they are."""
    breaker_window: timedelta = timedelta(hours=48)
    """A held domain that turned ABSENT within this time is a suspect: perhaps a fault of ours.

    At least: a fault must have time to meet every domain, see `suspect_window`.
    """
    override_limit: timedelta = timedelta(days=30)

    @property
    def suspect_window(self) -> timedelta:
        """For how long a held domain that turned ABSENT is a suspect."""
        return max(self.breaker_window, 2 * self.recheck_every)

    def unseen_before(self, now: datetime) -> datetime:
        """Return since when a held domain must have been UNKNOWN to count as unseen."""
        return now - self.unknown_alert

    def grace_of(self, *, contested: bool) -> timedelta:
        """Return how long grace lasts."""
        return min(self.grace, self.contested_grace) if contested else self.grace

    def breaker_threshold(self, held: int) -> int:
        """Return how many suspects, with each tenant's share limited, trip the breaker."""
        return max(self.breaker_minimum, int(held * self.breaker_share) + 1)

    def breaker_small_threshold(self, held: int) -> int:
        """Return how many suspects trip the breaker, whosever they are."""
        return max(self.breaker_small_minimum, ceil(held * self.breaker_small_share))
