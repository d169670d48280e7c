"""What runs beside the checks: gauges over all claims, and the end of old history."""

from datetime import timedelta

import asyncpg
import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Gauge

from chassis.clock import Clock
from chassis.database import DATABASE_FAILURES
from chassis.observe import Poll
from chassis.retry import every
from domain_verifier.domain.claim import State
from domain_verifier.domain.policy import Policy
from domain_verifier.storage.breakers import QUERIES as BREAKER_QUERIES
from domain_verifier.storage.claims import QUERIES

log = structlog.get_logger()

PRUNE_EVERY = 3600.0
PRUNE_BATCH = 1000


class ClaimGauges:
    """The gauges over all claims."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.claims = Gauge("domain_claims", "Claims by state", ["state"], registry=registry)
        self.due = Gauge("domain_checks_due", "Claims that are due for a check", registry=registry)
        self.unseen = Gauge(
            "domain_claims_unseen",
            "Held domains that DNS has told nothing about for longer than the policy's alert time",
            registry=registry,
        )
        self.review = Gauge(
            "domain_claims_in_review",
            "Proved claims to a domain that another claim holds",
            registry=registry,
        )
        self.breaker = Gauge(
            "domain_breaker_open", "1 while nothing is taken away", registry=registry
        )


def claims_poll(pool: asyncpg.Pool, *, clock: Clock, policy: Policy, gauges: ClaimGauges) -> Poll:
    """Return the poll that brings the gauges up to date."""

    async def read() -> None:
        now = clock.now()
        query = QUERIES["measure_claims"](now=now, unseen_before=policy.unseen_before(now))
        rows = await pool.fetch(*query)
        counted = {row["state"]: row["claims"] for row in rows}
        for state in State:
            gauges.claims.labels(state.value).set(counted.get(state.value, 0))
        gauges.due.set(sum(row["due"] for row in rows))
        gauges.unseen.set(sum(row["unseen"] for row in rows))
        gauges.review.set(sum(row["review"] for row in rows))
        breaker = await pool.fetchrow(*BREAKER_QUERIES["find_breaker"]())
        gauges.breaker.set(int(breaker is not None and breaker["opened_at"] is not None))

    return Poll("claims", read)


class Pruning:
    """Deletes checks older than the history is kept, a batch at a time."""

    def __init__(self, pool: asyncpg.Pool, *, clock: Clock, keep: timedelta) -> None:
        self._pool = pool
        self._clock = clock
        self._keep = keep

    async def run(self) -> None:
        """Prune every hour, for ever."""
        async for _ in every(PRUNE_EVERY, beats=True):
            try:
                deleted = await self.prune()
                if deleted:
                    log.info("checks.pruned", deleted=deleted)
            except DATABASE_FAILURES as error:
                log.warning("checks.prune_failed", error=repr(error))

    async def prune(self) -> int:
        """Delete what is too old; return how many checks that were."""
        before = self._clock.now() - self._keep
        total = 0
        while True:
            query = QUERIES["delete_old_checks"](before=before, limit=PRUNE_BATCH)
            status = await self._pool.execute(*query)
            deleted = int(status.rsplit(" ", 1)[-1])
            total += deleted
            if deleted < PRUNE_BATCH:
                return total
