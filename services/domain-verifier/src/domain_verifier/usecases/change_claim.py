"""Release and override: what people may do to a claim."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from chassis.clock import Clock
from domain_verifier.domain.claim import Claim, OverrideRequest, Transition, override, release
from domain_verifier.domain.entitlement import refuse_unentitled
from domain_verifier.domain.policy import Policy
from domain_verifier.usecases.ports import Claims, DomainHeldError, Tenants
from kernel.errors import ConflictError, NotFoundError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReleaseClaim:
    """Give a claim up; its domain is free at once."""

    claims: Claims
    clock: Clock

    async def __call__(self, tenant_id: UUID, claim_id: UUID, *, actor: str, reason: str) -> Claim:
        """Release the claim on behalf of a person."""
        now = self.clock.now()

        def decide(claim: Claim) -> Transition:
            return release(claim, now=now, actor=actor, reason=reason)

        claim = await _change(self.claims, tenant_id, claim_id, decide, self.clock)
        log.info("claim.released", claim_id=str(claim_id), tenant_id=str(tenant_id), actor=actor)
        return claim


@dataclass(frozen=True, slots=True)
class OverrideClaim:
    """Let a claim hold its domain without proof by DNS, on two operators' approval, for a time."""

    claims: Claims
    tenants: Tenants
    policy: Policy
    clock: Clock

    async def __call__(
        self,
        tenant_id: UUID,
        claim_id: UUID,
        *,
        lasts: timedelta,
        actor: str,
        approved_by: str,
        reason: str,
    ) -> Claim:
        """Override what DNS says."""
        refuse_unentitled(await self.tenants.find(tenant_id))
        now = self.clock.now()
        request = OverrideRequest(lasts, actor, approved_by, reason)

        def decide(claim: Claim) -> Transition:
            return override(claim, request, now=now, policy=self.policy)

        claim = await _change(self.claims, tenant_id, claim_id, decide, self.clock)
        log.warning(
            "claim.overridden",
            tenant_id=str(tenant_id),
            claim_id=str(claim_id),
            actor=actor,
            approved_by=approved_by,
            until=claim.override_until.isoformat() if claim.override_until else None,
        )
        return claim


async def _change(
    claims: Claims,
    tenant_id: UUID,
    claim_id: UUID,
    decide: Callable[[Claim], Transition],
    clock: Clock,
) -> Claim:
    try:
        claim = await claims.change(tenant_id, claim_id, decide, now=clock.now())
    except DomainHeldError:
        raise ConflictError(
            "domain_held",
            "Another claim holds this domain. An operator has to release that one first.",
        ) from None
    if claim is None:
        raise NotFoundError("claim_not_found", "This tenant has no such claim.")
    return claim
