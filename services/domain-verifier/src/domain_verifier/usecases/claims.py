"""Claims: start, read, release, override. Always one tenant's, revealing nothing about others'."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from chassis.clock import Clock
from domain_verifier.domain.challenge import new_token
from domain_verifier.domain.claim import Claim, Transition, new_claim, release
from domain_verifier.domain.entitlement import refuse_unentitled
from domain_verifier.domain.name import NamePolicy, canonical
from domain_verifier.domain.override import OverrideRequest, override
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.quota import HOUR, Quota
from domain_verifier.domain.start import StartConditions, start
from domain_verifier.usecases.ports import CheckRecord, Claims, LiveClaims, LogRecord, Tenants
from kernel.errors import DomainError, NotFoundError

log = structlog.get_logger()

HISTORY = 20
DIRECTORY = "tenant-directory"
"""The actor of releases that follow a tenant's end."""


@dataclass(frozen=True, slots=True)
class StartedClaim:
    """A claim that is live now."""

    claim: Claim
    new: bool
    """It was not there before."""


@dataclass(frozen=True, slots=True)
class StartClaim:
    """Start a claim, or return the live one to the domain; reserves nothing."""

    claims: Claims
    names: NamePolicy
    policy: Policy
    quota: Quota
    clock: Clock
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]

    async def __call__(self, tenant_id: UUID, text: str) -> StartedClaim:
        """Claim the domain for the tenant."""
        now = self.clock.now()
        domain = self.names.parse(text)
        new = new_claim(
            tenant_id=tenant_id,
            claim_id=self.new_id(),
            domain=domain,
            token=new_token(self.random_bytes),
            now=now,
            policy=self.policy,
        )

        def decide(conditions: StartConditions) -> Transition:
            return start(new, conditions, quota=self.quota, now=now)

        claim = await self.claims.start(
            tenant_id, domain.ascii, decide, recent_since=now - HOUR, now=now
        )
        started = StartedClaim(claim, new=claim.claim_id == new.claim.claim_id)
        log.info(
            "claim.started",
            tenant_id=str(tenant_id),
            claim_id=str(claim.claim_id),
            domain=claim.domain.ascii,
            existing=not started.new,
        )
        return started


@dataclass(frozen=True, slots=True)
class ListClaims:
    """List a tenant's claims."""

    claims: Claims

    async def __call__(
        self, tenant_id: UUID, *, after: UUID | None = None, limit: int = 100, live: bool = False
    ) -> Sequence[Claim]:
        """Return a page of claims, oldest first."""
        return await self.claims.page(tenant_id, after=after, limit=limit, live=live)


@dataclass(frozen=True, slots=True)
class ClaimDetails:
    """A claim with its recent history."""

    claim: Claim
    checks: Sequence[CheckRecord]
    log: Sequence[LogRecord]


@dataclass(frozen=True, slots=True)
class GetClaim:
    """Read one claim with its history."""

    claims: Claims

    async def __call__(self, tenant_id: UUID, claim_id: UUID) -> ClaimDetails:
        """Return the claim, its last checks and its last changes."""
        claim = await self.claims.find(tenant_id, claim_id)
        if claim is None:
            raise claim_not_found()
        return ClaimDetails(
            claim,
            await self.claims.checks(tenant_id, claim_id, limit=HISTORY),
            await self.claims.log(tenant_id, claim_id, limit=HISTORY),
        )


@dataclass(frozen=True, slots=True)
class FindClaim:
    """Find a claim by its id or its domain."""

    claims: Claims

    async def __call__(self, tenant_id: UUID, text: str) -> Claim:
        """Return the tenant's claim of that id or to that domain."""
        claim = await self._find(tenant_id, text.strip())
        if claim is None:
            raise NotFoundError("claim_not_found", f"This tenant has no claim {text.strip()}.")
        return claim

    async def _find(self, tenant_id: UUID, text: str) -> Claim | None:
        try:
            return await self.claims.find(tenant_id, UUID(text))
        except ValueError:
            pass
        try:
            return await self.claims.newest(tenant_id, canonical(text))
        except DomainError:
            return None


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

        claim = await self.claims.change(tenant_id, claim_id, decide, now=now)
        if claim is None:
            raise claim_not_found()
        log.info("claim.released", claim_id=str(claim_id), tenant_id=str(tenant_id), actor=actor)
        return claim


@dataclass(frozen=True, slots=True)
class ReleaseTenantClaims:
    """Release all that a deleted tenant holds or claims."""

    claims: LiveClaims
    clock: Clock

    async def __call__(self, tenant_id: UUID) -> None:
        """Release the claims in the consumer's transaction."""
        now = self.clock.now()

        def decide(claim: Claim) -> Transition:
            return release(claim, now=now, actor=DIRECTORY, reason="tenant_deleted")

        await self.claims.change_live(tenant_id, decide, now=now)


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

        claim = await self.claims.change(tenant_id, claim_id, decide, now=now)
        if claim is None:
            raise claim_not_found()
        log.warning(
            "claim.overridden",
            tenant_id=str(tenant_id),
            claim_id=str(claim_id),
            actor=actor,
            approved_by=approved_by,
            until=claim.override_until.isoformat() if claim.override_until else None,
        )
        return claim


def claim_not_found() -> NotFoundError:
    """Return the refusal of an id that the tenant has no claim of."""
    return NotFoundError("claim_not_found", "This tenant has no such claim.")
