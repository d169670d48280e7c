"""Read claims: always one tenant's, and nothing about any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from domain_verifier.domain.claim import Claim
from domain_verifier.domain.name import canonical
from domain_verifier.domain.policy import Policy
from domain_verifier.domain.text import is_single_line
from domain_verifier.usecases.ports import AttentionItem, CheckRecord, Claims, LogRecord, Tenants
from kernel.errors import DomainError, NotFoundError

HISTORY = 20
MAX_ATTENTION_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class ClaimDetails:
    """A claim with its recent history."""

    claim: Claim
    checks: Sequence[CheckRecord]
    log: Sequence[LogRecord]


@dataclass(frozen=True, slots=True)
class ListClaims:
    """A tenant's claims."""

    claims: Claims

    async def __call__(
        self, tenant_id: UUID, *, after: UUID | None = None, limit: int = 100, live: bool = False
    ) -> Sequence[Claim]:
        """Return a page of claims, oldest first."""
        return await self.claims.page(tenant_id, after=after, limit=limit, live=live)


@dataclass(frozen=True, slots=True)
class ShowClaim:
    """One claim."""

    claims: Claims

    async def __call__(self, tenant_id: UUID, claim_id: UUID) -> ClaimDetails:
        """Return the claim and what was found lately."""
        claim = await self.claims.find(tenant_id, claim_id)
        if claim is None:
            raise NotFoundError("claim_not_found", "This tenant has no such claim.")
        return ClaimDetails(
            claim,
            await self.claims.checks(tenant_id, claim_id, limit=HISTORY),
            await self.claims.log(tenant_id, claim_id, limit=HISTORY),
        )


@dataclass(frozen=True, slots=True)
class FindClaim:
    """A claim by what a person calls it."""

    claims: Claims

    async def __call__(self, tenant_id: UUID, text: str) -> Claim:
        """Return the tenant's claim of that id or to that domain."""
        claim = await self._found(tenant_id, text.strip())
        if claim is None:
            raise NotFoundError("claim_not_found", f"This tenant has no claim {text.strip()}.")
        return claim

    async def _found(self, tenant_id: UUID, text: str) -> Claim | None:
        try:
            return await self.claims.find(tenant_id, UUID(text))
        except ValueError:
            pass
        try:
            return await self.claims.newest(tenant_id, canonical(text))
        except DomainError:
            return None


@dataclass(frozen=True, slots=True)
class FindTenant:
    """A tenant by what a person calls it."""

    tenants: Tenants

    async def __call__(self, text: str) -> UUID:
        """Return the id of the tenant of that name; an id is taken as it is.

        Claims may outlive the directory's record of their tenant.
        """
        try:
            return UUID(text)
        except ValueError:
            tenant = await self.tenants.named(text) if is_single_line(text) else None
        if tenant is None:
            raise NotFoundError(
                "tenant_not_found",
                f"There is no tenant {text}, or the directory has not told of it yet.",
            )
        return tenant.tenant_id


@dataclass(frozen=True, slots=True)
class ListAttention:
    """The claims that need an operator's attention, over all tenants."""

    claims: Claims
    policy: Policy
    clock: Clock

    async def __call__(self, *, domain: str | None = None) -> Sequence[AttentionItem]:
        """Return all live claims to a domain, or else all claims that need people."""
        if domain is not None:
            return await self.claims.live_claims_to(canonical(domain))
        before = self.clock.now() - self.policy.unknown_alert
        return await self.claims.needing_attention(unseen_before=before, limit=MAX_ATTENTION_ITEMS)
