"""Whether a tenant may start a claim: its right, the claim it has already, its quota."""

from dataclasses import dataclass
from datetime import datetime

from domain_verifier.domain.claim import Claim, Transition
from domain_verifier.domain.entitlement import refuse_unentitled
from domain_verifier.domain.quota import Quota, Usage, refuse_over_quota
from kernel.tenant import Tenant


@dataclass(frozen=True, slots=True)
class StartConditions:
    """What decides about a new claim, read in the transaction that saves it."""

    tenant: Tenant | None
    live_claim: Claim | None
    """The tenant's live claim to the same domain."""
    usage: Usage


def start(
    new: Transition, conditions: StartConditions, *, quota: Quota, now: datetime
) -> Transition:
    """Return the new claim, or unchanged the live one that the tenant has already.

    Raises ForbiddenError if the tenant may not claim domains, and TooManyRequestsError if its
    quota is used up.
    """
    refuse_unentitled(conditions.tenant)
    if conditions.live_claim is not None:
        return Transition(conditions.live_claim)
    refuse_over_quota(conditions.usage, quota, now)
    return new
