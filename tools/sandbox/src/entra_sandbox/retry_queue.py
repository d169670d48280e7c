"""The objects that failed and wait for a retry; Entra calls this escrow.

Entra's own pauses are hours (6, 12, then 24). The sandbox shows that schedule in its table but
retries after seconds, so that a run ends.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

SCHEDULE_HOURS = (6, 12, 24)

Work = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class FailedObject:
    """One object that could not be provisioned."""

    name: str
    step: str
    work: Work
    error: str
    attempts: int = 1

    @property
    def next_attempt_hours(self) -> int:
        """Return in how many hours Entra itself would retry."""
        return SCHEDULE_HOURS[min(self.attempts, len(SCHEDULE_HOURS)) - 1]


@dataclass(slots=True)
class RetryQueue:
    """The objects that wait for a retry, by name."""

    entries: dict[str, FailedObject] = field(default_factory=dict)
    failures: int = 0
    """How many objects failed at least once."""

    def add(self, name: str, *, step: str, work: Work, error: str) -> None:
        """Record a failed attempt."""
        known = self.entries.get(name)
        if known is None:
            self.failures += 1
            self.entries[name] = FailedObject(name, step, work, error)
            return
        known.attempts += 1
        known.error = error

    def remove(self, name: str) -> None:
        """Remove an object whose retry succeeded."""
        self.entries.pop(name, None)
