"""What the outcome of a check depends on, apart from DNS."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain_verifier.domain.breaker import Breaker
from domain_verifier.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class CheckContext:
    """When a check was made, under which policy, and why."""

    now: datetime
    policy: Policy
    jitter: float = 0.0
    """A random number from -1 to 1."""
    breaker: Breaker = field(default_factory=Breaker)
    refusal: str | None = None
    """Why the tenant may not verify a domain now: a sentence."""
    requested: bool = False
    """A person requested it; the schedule goes on as if nobody had."""

    @property
    def breaker_open(self) -> bool:
        """Whether nothing may be taken away."""
        return self.breaker.is_open

    def after(self, wait: timedelta) -> datetime:
        """Return the time of a check after roughly this wait."""
        return self.now + wait * (1 + self.policy.recheck_jitter * self.jitter)
