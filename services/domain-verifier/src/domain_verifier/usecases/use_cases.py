"""All use cases, put together: what callers get instead of ports."""

from dataclasses import dataclass

from domain_verifier.usecases.attention import ListAttention
from domain_verifier.usecases.breaker import AcceptAbsences, GetBreaker
from domain_verifier.usecases.checks import CheckClaim
from domain_verifier.usecases.claims import (
    FindClaim,
    GetClaim,
    ListClaims,
    OverrideClaim,
    ReleaseClaim,
    ReleaseTenantClaims,
    StartClaim,
)
from domain_verifier.usecases.tenants import FindTenant


@dataclass(frozen=True, slots=True)
class UseCases:
    """What people can do, each use case a transaction of its own."""

    start_claim: StartClaim
    check_claim: CheckClaim
    list_claims: ListClaims
    get_claim: GetClaim
    find_claim: FindClaim
    release_claim: ReleaseClaim
    override_claim: OverrideClaim
    find_tenant: FindTenant
    list_attention: ListAttention
    get_breaker: GetBreaker
    accept_absences: AcceptAbsences


@dataclass(frozen=True, slots=True)
class EventUseCases:
    """What events from the bus change, inside the consumer's transaction."""

    release_tenant_claims: ReleaseTenantClaims
