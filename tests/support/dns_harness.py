"""The domain verifier's use cases put together on given ports, for tests."""

import itertools
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import asyncpg

from chassis.database import transaction
from chassis.ids import uuid7
from chassis.projection import KnownTenants
from chassis.projection.tenants import save_tenant
from chassis.testing import FixedClock
from domain_verifier.domain.claim import Claim
from domain_verifier.domain.evidence import Outcome
from domain_verifier.domain.name import NamePolicy
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.quota import Quota
from domain_verifier.events.outgoing import outgoing
from domain_verifier.storage.breakers import PostgresBreakers
from domain_verifier.storage.claims import PostgresClaims
from domain_verifier.usecases.attention import ListAttention
from domain_verifier.usecases.breaker import AcceptAbsences, ReviewBreaker
from domain_verifier.usecases.checks import CheckClaim, CompletedCheck, RunCheck
from domain_verifier.usecases.claims import (
    OverrideClaim,
    ReleaseClaim,
    StartClaim,
)
from domain_verifier.usecases.ports import Breakers, Claims, Prober, Tenants
from kernel.tenant import Tenant
from support.dns_breaker_memory import MemoryBreakers
from support.dns_claims_memory import MemoryClaims, MemoryTenants
from support.dns_fixed import START, ScriptedProber

NAMES = NamePolicy(test_zones=("test",))


@dataclass
class Harness:
    """Everything a test of claims needs."""

    claims: Claims
    tenants: Tenants
    breakers: Breakers
    clock: FixedClock
    save_tenant: Callable[[Tenant], Awaitable[None]]
    dns: ScriptedProber = field(default_factory=ScriptedProber)
    prober: Prober | None = None
    policy: Policy = field(default_factory=Policy)
    quota: Quota = field(default_factory=Quota)
    seen: list[CompletedCheck] = field(default_factory=list)

    def run_check(self) -> RunCheck:
        """Return the check under a lease."""
        return RunCheck(
            self.claims,
            self.tenants,
            self.breakers,
            self.review(),
            self.prober or self.dns,
            self.policy,
            self.clock,
            jitter=lambda: 0.0,
            on_completed=self.seen.append,
        )

    def review(self) -> ReviewBreaker:
        """Return the count of suspects."""
        return ReviewBreaker(self.breakers, self.policy, self.clock)

    async def add_tenant(
        self,
        name: str,
        *,
        package: str = "business",
        status: str = "active",
        tenant_id: UUID | None = None,
    ) -> UUID:
        """Add a tenant, or change the one of that id; return its id."""
        tenant = Tenant(tenant_id or uuid7(), name, package, status)
        await self.save_tenant(tenant)
        return tenant.tenant_id

    async def claim(self, tenant_id: UUID, domain: str) -> Claim:
        """Start a claim."""
        start = StartClaim(
            self.claims,
            NAMES,
            self.policy,
            self.quota,
            self.clock,
            new_id=uuid7,
            random_bytes=os.urandom,
        )
        return (await start(tenant_id, domain)).claim

    async def check(self, claim: Claim, *, pause: timedelta = timedelta(0)) -> CompletedCheck:
        """Check by hand."""
        check = CheckClaim(
            self.claims, self.tenants, self.run_check(), self.quota, self.clock, pause
        )
        return await check(claim.tenant_id, claim.claim_id)

    async def sweep(self, *, limit: int = 1000) -> int:
        """Check all that is due now; return how many there were."""
        await self.review()()
        leases = await self.claims.lease_due(self.clock.now(), limit=limit)
        for lease in leases:
            await self.run_check()(lease)
        return len(leases)

    async def release(self, claim: Claim, *, actor: str = "ann", reason: str = "moved") -> Claim:
        """Release."""
        do = ReleaseClaim(self.claims, self.clock)
        return await do(claim.tenant_id, claim.claim_id, actor=actor, reason=reason)

    async def override(self, claim: Claim, *, days: float = 7) -> Claim:
        """Override."""
        do = OverrideClaim(self.claims, self.tenants, self.policy, self.clock)
        return await do(
            claim.tenant_id,
            claim.claim_id,
            lasts=timedelta(days=days),
            actor="ann",
            approved_by="bo",
            reason="migration of name servers",
        )

    async def accept(self) -> None:
        """Accept the absences."""
        await AcceptAbsences(self.breakers, self.policy, self.clock)(
            actor="ann", reason="their provider has closed"
        )

    async def needing_attention(self, domain: str | None = None) -> list[tuple[str, str | None]]:
        """Return what operators are shown: its kind and whose it is."""
        show = ListAttention(self.claims, self.policy, self.clock)
        return [(item.kind, item.tenant) for item in await show(domain=domain)]

    async def now(self, claim: Claim) -> Claim:
        """Return the claim as it is now."""
        found = await self.claims.find(claim.tenant_id, claim.claim_id)
        assert found is not None
        return found


async def verified(harness: Harness, tenant: str, domain: str = "acme.test") -> Claim:
    """Return a claim of a new tenant that holds its domain."""
    tenant_id = await harness.add_tenant(tenant)
    claim = await harness.claim(tenant_id, domain)
    harness.dns.says(domain, Outcome.PRESENT)
    await harness.check(claim)
    return await harness.now(claim)


def postgres_harness(pool: asyncpg.Pool, *, lease: timedelta = timedelta(seconds=60)) -> Harness:
    """Return the harness on PostgreSQL."""
    clock = FixedClock(START)
    versions = itertools.count(1)

    async def save(tenant: Tenant) -> None:
        async with transaction(pool) as connection:
            await save_tenant(connection, tenant, next(versions))

    claims = PostgresClaims(pool, outgoing=outgoing, committed=lambda: None, lease=lease)
    return Harness(claims, KnownTenants(pool), PostgresBreakers(pool, clock=clock), clock, save)


def memory_harness() -> Harness:
    """Return the harness in memory."""
    clock, tenants = FixedClock(START), MemoryTenants()
    claims = MemoryClaims(tenants)
    return Harness(claims, tenants, MemoryBreakers(claims, clock), clock, tenants.save)
