"""Gauges over all claims."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from chassis.database import create_pool
from domain_verifier.domain.evidence import Outcome
from domain_verifier.storage.gauges import ClaimGauges, claims_poll
from support.databases import DatabaseFactory
from support.dns_harness import postgres_harness


@pytest.fixture
async def pool(database: DatabaseFactory) -> AsyncIterator[asyncpg.Pool]:
    pool = await create_pool(await database("domain-verifier"), size=2)
    yield pool
    await pool.close()


async def test_gauges_tell_states_backlog_and_what_needs_people(pool: asyncpg.Pool) -> None:
    harness, registry = postgres_harness(pool), CollectorRegistry()
    tenant, other = await harness.add_tenant("acme"), await harness.add_tenant("globex")
    for number in range(3):
        await harness.claim(tenant, f"d{number}.test")
    held = await harness.claim(tenant, "held.test")
    rival = await harness.claim(other, "held.test")
    harness.dns.says("held.test", Outcome.PRESENT)
    await harness.check(held)
    await harness.check(rival)
    harness.dns.says("held.test", Outcome.UNKNOWN)
    await harness.check(held)
    harness.clock.advance(hours=49)
    read = claims_poll(
        pool, clock=harness.clock, policy=harness.policy, gauges=ClaimGauges(registry)
    ).read
    await read()

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert value("domain_claims", state="pending") == 4
    assert value("domain_claims", state="verified") == 1
    assert value("domain_claims", state="lapsed") == 0
    assert value("domain_checks_due") == 5
    assert value("domain_claims_unseen") == 1
    assert value("domain_claims_in_review") == 1
    assert value("domain_breaker_open") == 0
