"""How often claims are looked at, and how much patience each state has (docs/adr/0007)."""

from dataclasses import dataclass
from datetime import timedelta


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
    """Waits after the first, second, … look at a pending claim; the last one repeats."""
    confirm_after: timedelta = timedelta(seconds=60)
    """Two looks this far apart are needed where DNSSEC does not vouch for the answer."""
    recheck_every: timedelta = timedelta(hours=24)
    recheck_jitter: float = 0.1
    """Share of a wait by which it is moved to and fro, so that claims spread over the day."""
    absent_looks: int = 3
    absent_for: timedelta = timedelta(hours=24)
    """Grace begins after this many ABSENT looks that span at least this time."""
    absent_recheck: timedelta = timedelta(hours=8)
    grace: timedelta = timedelta(days=7)
    grace_recheck: timedelta = timedelta(hours=6)
    warn_after: tuple[timedelta, ...] = (timedelta(0), timedelta(days=3), timedelta(days=6))
    """When in grace the tenant is warned."""
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
    """A held domain that could not be looked at for this long is brought to the operators."""
    breaker_share: float = 0.05
    breaker_minimum: int = 20
    breaker_window: timedelta = timedelta(hours=48)
    """So many held domains turning ABSENT within the window is a fault of ours, not theirs."""
    override_limit: timedelta = timedelta(days=30)

    def breaker_threshold(self, held: int) -> int:
        """Return how many suspects of so many held domains trip the breaker."""
        return max(self.breaker_minimum, int(held * self.breaker_share) + 1)
