"""Claim a domain: reserves nothing, and reveals nothing about others' claims."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from chassis.clock import Clock
from domain_verifier.domain.challenge import new_token
from domain_verifier.domain.claim import Claim, new_claim
from domain_verifier.domain.name import NamePolicy
from domain_verifier.domain.policy import Policy
from domain_verifier.usecases.ports import Claims, Quota

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Started:
    """A claim that is alive now."""

    claim: Claim
    new: bool
    """It was not there before."""


@dataclass(frozen=True, slots=True)
class StartClaim:
    """Start a claim, or return the one that lives already."""

    claims: Claims
    names: NamePolicy
    policy: Policy
    quota: Quota
    clock: Clock
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]

    async def __call__(self, tenant_id: UUID, text: str) -> Started:
        """Claim the domain for the tenant."""
        now = self.clock.now()
        transition = new_claim(
            tenant_id=tenant_id,
            claim_id=self.new_id(),
            domain=self.names.parse(text),
            token=new_token(self.random_bytes),
            now=now,
            policy=self.policy,
        )
        claim = await self.claims.start(transition, quota=self.quota, now=now)
        new = claim.claim_id == transition.claim.claim_id
        log.info(
            "claim.started",
            tenant_id=str(tenant_id),
            claim_id=str(claim.claim_id),
            domain=claim.domain.ascii,
            existing=not new,
        )
        return Started(claim, new)
