"""All use cases together: what HTTP and the commands are given."""

from dataclasses import dataclass

from domain_verifier.usecases.attention import ListAttention
from domain_verifier.usecases.breaker import AcceptDenials, GetBreaker
from domain_verifier.usecases.checks import CheckClaim
from domain_verifier.usecases.claims import (
    FindClaim,
    GetClaim,
    ListClaims,
    OverrideClaim,
    ReleaseClaim,
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
    accept_denials: AcceptDenials
