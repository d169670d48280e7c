"""What failed, when Entra would try it again, and when it would give up on the whole job.

Entra's own pauses are hours (6, 12, 24, then each 24 for 28 days). The sandbox keeps that schedule
in its table but makes the attempts after seconds, so that a run ends.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

SCHEDULE_HOURS = (6, 12, 24)
GIVE_UP_DAYS = 28
QUARANTINE_SHARE = 0.4
QUARANTINE_FAILURES = 5_000
QUARANTINE_FAILURES_ALWAYS = 40_000

Work = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Entry:
    """One object that could not be provisioned."""

    name: str
    step: str
    work: Work
    error: str
    attempts: int = 1

    @property
    def next_attempt_hours(self) -> int:
        """Return in how many hours Entra itself would try again."""
        return SCHEDULE_HOURS[min(self.attempts, len(SCHEDULE_HOURS)) - 1]


@dataclass(slots=True)
class Escrow:
    """The objects that wait for another attempt, by name."""

    entries: dict[str, Entry] = field(default_factory=dict)
    ever: int = 0
    """How many objects failed at least once."""

    def put(self, name: str, *, step: str, work: Work, error: str) -> None:
        """Note a failed attempt."""
        known = self.entries.get(name)
        if known is None:
            self.ever += 1
            self.entries[name] = Entry(name, step, work, error)
            return
        known.attempts += 1
        known.error = error

    def take(self, name: str) -> None:
        """Forget an object that worked at last."""
        self.entries.pop(name, None)


def quarantine_reason(*, events: int, failures: int, refused: str | None = None) -> str | None:
    """Say why Entra would quarantine the job, or None if it would not."""
    if refused:
        return f"credentials: {refused}"
    if failures >= QUARANTINE_FAILURES_ALWAYS:
        return f"{failures} failures (limit {QUARANTINE_FAILURES_ALWAYS})"
    if not events or failures / events <= QUARANTINE_SHARE:
        return None
    share = f"{failures / events:.0%} of events failed (limit {QUARANTINE_SHARE:.0%})"
    if failures >= QUARANTINE_FAILURES:
        return share
    return None


def quarantine_note(*, events: int, failures: int) -> str:
    """Say how near a run came to quarantine."""
    share = failures / events if events else 0.0
    reason = quarantine_reason(events=events, failures=failures)
    if reason:
        return f"QUARANTINE: {reason}; cycles would fall to once a day"
    if share > QUARANTINE_SHARE:
        return (
            f"{share:.0%} of events failed: over the limit of {QUARANTINE_SHARE:.0%}, "
            f"quarantine follows at {QUARANTINE_FAILURES} failures"
        )
    return f"{share:.1%} of events failed, quarantine starts above {QUARANTINE_SHARE:.0%}"
