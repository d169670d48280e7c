"""Claim a domain: reserves nothing, and says nothing about what others have claimed."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from chassis.clock import Clock
from domain_verifier.domain.challenge import new_token
from domain_verifier.domain.claim import Claim, new_claim
from domain_verifier.domain.name import NamePolicy
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.tenant import refuse_unentitled
from domain_verifier.usecases.ports import Claims, Quota, Tenants

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StartClaim:
    """Start a claim, or return the one that lives already."""

    claims: Claims
    tenants: Tenants
    names: NamePolicy
    policy: Policy
    quota: Quota
    clock: Clock
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]

    async def __call__(self, tenant_id: UUID, text: str) -> Claim:
        """Claim the domain for the tenant."""
        refuse_unentitled(await self.tenants.find(tenant_id))
        now = self.clock.now()
        step = new_claim(
            tenant_id=tenant_id,
            claim_id=self.new_id(),
            domain=self.names.parse(text),
            token=new_token(self.random_bytes),
            now=now,
            policy=self.policy,
        )
        claim = await self.claims.start(step, quota=self.quota, now=now)
        log.info(
            "claim.started",
            tenant_id=str(tenant_id),
            claim_id=str(claim.claim_id),
            domain=claim.domain.ascii,
            existing=claim.claim_id != step.claim.claim_id,
        )
        return claim
