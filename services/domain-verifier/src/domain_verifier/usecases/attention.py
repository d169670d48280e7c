"""What needs people, over all tenants: for operators alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.clock import Clock
from domain_verifier.domain.name import canonical
from domain_verifier.domain.policy import Policy
from domain_verifier.usecases.ports import AttentionItem, Claims

MAX_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class ListAttention:
    """List the claims that need an operator's attention, or all live claims to one domain."""

    claims: Claims
    policy: Policy
    clock: Clock

    async def __call__(self, *, domain: str | None = None) -> Sequence[AttentionItem]:
        """Return all live claims to a domain, or else all claims that need people."""
        if domain is not None:
            return await self.claims.live_claims_to(canonical(domain))
        unseen_before = self.policy.unseen_before(self.clock.now())
        return await self.claims.needing_attention(unseen_before=unseen_before, limit=MAX_ITEMS)
