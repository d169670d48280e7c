"""A clock that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta


class FixedClock:
    """Tells the time that the test wants."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        """Begin at a moment."""
        self._now = now

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return self._now

    def advance(self, **span: float) -> datetime:
        """Let time pass, `hours=1`, and return the moment then."""
        self._now += timedelta(**span)
        return self._now
