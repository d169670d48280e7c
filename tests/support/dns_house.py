"""The domain verifier's use cases put together on given ports, for tests."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from domain_verifier.domain.claim import Claim
from domain_verifier.domain.name import NamePolicy
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.tenant import Tenant
from domain_verifier.events.outgoing import outgoing
from domain_verifier.storage.breakers import PostgresBreakers
from domain_verifier.storage.claims import PostgresClaims
from domain_verifier.storage.tenants import PostgresTenants, save_tenant
from domain_verifier.usecases.change_claim import AcceptDenials, OverrideClaim, ReleaseClaim
from domain_verifier.usecases.check_claim import CheckClaim
from domain_verifier.usecases.examine import Examine, Examined
from domain_verifier.usecases.ports import Breakers, Claims, Prober, Quota, Tenants
from domain_verifier.usecases.recheck_due import RecheckDue, ReviewBreaker
from domain_verifier.usecases.start_claim import StartClaim
from support.dns_claims_memory import (
    FixedClock,
    MemoryBreakers,
    MemoryClaims,
    MemoryTenants,
    ScriptedProber,
)

NAMES = NamePolicy(test_zones=("test",))


@dataclass
class House:
    """Everything a test of claims needs."""

    claims: Claims
    tenants: Tenants
    breakers: Breakers
    clock: FixedClock
    add_tenant: Callable[..., Awaitable[UUID]]
    dns: ScriptedProber = field(default_factory=ScriptedProber)
    prober: Prober | None = None
    policy: Policy = field(default_factory=Policy)
    quota: Quota = field(default_factory=Quota)
    seen: list[Examined] = field(default_factory=list)

    def examine(self) -> Examine:
        """Return the check under a lease."""
        return Examine(
            self.claims, self.prober or self.dns, self.policy, self.clock, jitter=lambda: 0.0
        )

    async def claim(self, tenant_id: UUID, domain: str) -> Claim:
        """Start a claim."""
        start = StartClaim(
            self.claims,
            self.tenants,
            NAMES,
            self.policy,
            self.quota,
            self.clock,
            new_id=uuid7,
            random_bytes=os.urandom,
        )
        return await start(tenant_id, domain)

    async def check(self, claim: Claim, *, pause: timedelta = timedelta(0)) -> Examined:
        """Check by hand."""
        check = CheckClaim(self.claims, self.breakers, self.examine(), self.clock, pause)
        return await check(claim.tenant_id, claim.claim_id)

    async def sweep(self, *, limit: int = 1000) -> int:
        """Check all that is due now; return how many there were."""
        recheck = RecheckDue(self.claims, self.examine(), self.clock, examined=self.seen.append)
        breaker = await ReviewBreaker(self.breakers, self.policy, self.clock)()
        leases = await recheck.lease(limit=limit)
        for lease in leases:
            await recheck(lease, braked=breaker.opened_at is not None)
        return len(leases)

    async def release(self, claim: Claim, *, actor: str = "ann", reason: str = "moved") -> Claim:
        """Release."""
        do = ReleaseClaim(self.claims, self.clock)
        return await do(claim.tenant_id, claim.claim_id, actor=actor, reason=reason)

    async def override(self, claim: Claim, *, days: float = 7) -> Claim:
        """Override."""
        do = OverrideClaim(self.claims, self.policy, self.clock)
        return await do(
            claim.tenant_id,
            claim.claim_id,
            lasts=timedelta(days=days),
            actor="ann",
            approved_by="bo",
            reason="migration of name servers",
        )

    async def accept(self) -> None:
        """Accept the denials."""
        await AcceptDenials(self.breakers, self.clock)(actor="ann")

    async def now(self, claim: Claim) -> Claim:
        """Return the claim as it is now."""
        found = await self.claims.find(claim.tenant_id, claim.claim_id)
        assert found is not None
        return found


def postgres_house(pool: asyncpg.Pool, *, lease: timedelta = timedelta(seconds=60)) -> House:
    """Return the house on PostgreSQL."""
    clock = FixedClock()

    async def add_tenant(name: str, *, package: str = "business", status: str = "active") -> UUID:
        tenant = Tenant(uuid7(), name, package, status)
        async with pool.acquire() as connection:
            await save_tenant(connection, tenant, 1)  # type: ignore[arg-type]
        return tenant.tenant_id

    claims = PostgresClaims(
        pool, outgoing=outgoing, committed=lambda: None, clock=clock, lease=lease
    )
    return House(
        claims, PostgresTenants(pool), PostgresBreakers(pool, clock=clock), clock, add_tenant
    )


def memory_house() -> House:
    """Return the house in memory."""
    clock, claims, tenants = FixedClock(), MemoryClaims(), MemoryTenants()

    async def add_tenant(name: str, *, package: str = "business", status: str = "active") -> UUID:
        return tenants.add(name, package=package, status=status)

    return House(claims, tenants, MemoryBreakers(claims, clock), clock, add_tenant)
