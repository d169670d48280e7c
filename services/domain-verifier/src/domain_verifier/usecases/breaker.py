"""Count the suspects and open or close the breaker; close it on an operator's decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from chassis.clock import Clock
from domain_verifier.domain.breaker import Breaker, accept, reconsider
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.text import required_line
from domain_verifier.usecases.ports import Breakers, ChangedBy, LogRecord, SuspectCriteria
from kernel.errors import InvalidError

log = structlog.get_logger()

HISTORY = 500


def suspect_criteria(now: datetime, policy: Policy) -> SuspectCriteria:
    """Return how suspects are counted at a time."""
    return SuspectCriteria(
        since=lambda breaker: breaker.suspects_since(now, policy),
        tenant_limit=policy.breaker_tenant_limit,
    )


@dataclass(frozen=True, slots=True)
class ReviewBreaker:
    """Count the suspects and open or close the breaker."""

    breakers: Breakers
    policy: Policy
    clock: Clock

    async def __call__(self) -> Breaker:
        """Return the breaker after counting."""
        now = self.clock.now()
        before, after = await self.breakers.change(
            lambda breaker, count: reconsider(breaker, count, now=now, policy=self.policy),
            suspect_criteria=suspect_criteria(now, self.policy),
        )
        if after.is_open and not before.is_open:
            log.critical("breaker.opened", reason="many held domains turned absent at once")
        if before.opened_at is not None and not after.is_open:
            log.warning("breaker.closed", opened_at=before.opened_at.isoformat())
        return after


@dataclass(frozen=True, slots=True)
class AcceptAbsences:
    """Close the breaker: an operator has seen that the domains are really gone."""

    breakers: Breakers
    policy: Policy
    clock: Clock

    async def __call__(self, *, actor: str, reason: str) -> Breaker:
        """Close the breaker; absences that began before now count, from now on."""
        unsaid = InvalidError("reason_missing", "Say how you know that the domains are gone.")
        reason = required_line(reason, missing=unsaid)
        now = self.clock.now()
        _, breaker = await self.breakers.change(
            lambda breaker, _count: accept(breaker, now=now),
            suspect_criteria=suspect_criteria(now, self.policy),
            changed_by=ChangedBy(actor, reason),
        )
        log.warning("breaker.accepted", actor=actor)
        return breaker


@dataclass(frozen=True, slots=True)
class BreakerDetails:
    """The breaker with its recent history."""

    breaker: Breaker
    log: Sequence[LogRecord]


@dataclass(frozen=True, slots=True)
class GetBreaker:
    """Read the breaker and what happened to it."""

    breakers: Breakers

    async def __call__(self) -> BreakerDetails:
        """Return the breaker and its log, newest first."""
        breaker = await self.breakers.current()
        return BreakerDetails(breaker, await self.breakers.log(limit=HISTORY))
