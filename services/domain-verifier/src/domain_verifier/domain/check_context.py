"""The circumstances of a check, apart from what DNS said."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain_verifier.domain.breaker import Breaker
from domain_verifier.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Moment:
    """When, under which policy, and who asked."""

    now: datetime
    policy: Policy
    jitter: float = 0.0
    """A random number from -1 to 1."""
    breaker: Breaker = field(default_factory=Breaker)
    refusal: str | None = None
    """Why the tenant may not verify a domain now: a sentence."""
    asked: bool = False
    """A person wanted it; the schedule goes on as if nobody had."""

    @property
    def braked(self) -> bool:
        """Whether nothing may be taken away."""
        return self.breaker.is_open

    def after(self, wait: timedelta) -> datetime:
        """Return the time of a look after roughly this wait."""
        return self.now + wait * (1 + self.policy.recheck_jitter * self.jitter)
