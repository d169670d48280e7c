"""How much one tenant may claim and check."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from kernel.errors import TooManyRequestsError

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """The limits of one tenant."""

    live: int = 100
    """Claims that are pending, verified or in grace."""
    per_hour: int = 30
    """Claims that may be started in an hour."""
    checks_per_minute: int = 20
    """Checks of the tenant's claims that people may request in a minute."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How many claims a tenant has, and has started within the last hour."""

    live: int
    recent: int
    oldest_recent: datetime | None
    """When the first of the recent ones was started."""


def refuse_over_quota(usage: Usage, quota: Quota, now: datetime) -> None:
    """Refuse one more claim to a tenant that has used up its quota."""
    if usage.live >= quota.live:
        raise TooManyRequestsError(
            "too_many_claims",
            f"The tenant has {usage.live} claims, and may have {quota.live}. Release one.",
            retry_after=3600,
        )
    if usage.recent >= quota.per_hour:
        wait = (usage.oldest_recent or now) + HOUR - now
        raise TooManyRequestsError(
            "claims_too_fast",
            f"The tenant has started {usage.recent} claims within an hour. Try again later.",
            retry_after=max(1, ceil(wait.total_seconds())),
        )
