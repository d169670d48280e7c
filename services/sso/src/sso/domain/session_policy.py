"""How long people stay signed in: as a deployment has it, or a tenant of its own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.errors import InvalidError

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a session lasts."""

    idle: timedelta
    """Without the person going to any app."""
    lifetime: timedelta
    """In all."""

    def ends(self, now: datetime, idp_ends_at: datetime | None) -> datetime:
        """Return when a session that begins now is over at the latest; what the IdP says cuts."""
        ends = now + self.lifetime
        return ends if idp_ends_at is None else min(ends, idp_ends_at)


def checked(policy: SessionPolicy) -> SessionPolicy:
    """Return a policy that may be, or raise InvalidError."""
    if not SHORTEST <= policy.idle <= policy.lifetime <= LONGEST:
        raise InvalidError(
            "session-policy-invalid",
            "Sessions last from 5 minutes to 30 days, and idle no longer than they last.",
        )
    return policy
