"""Gauges over all claims and the breaker, read from time to time."""

import asyncpg
from prometheus_client import REGISTRY, CollectorRegistry, Gauge

from chassis.clock import Clock
from chassis.observe import Poll
from domain_verifier.domain.claim import State
from domain_verifier.domain.policy import Policy
from domain_verifier.storage.breakers import QUERIES as BREAKER_QUERIES
from domain_verifier.storage.claims import QUERIES


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
