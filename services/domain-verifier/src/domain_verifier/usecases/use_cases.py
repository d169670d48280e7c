"""All use cases together: what HTTP and the commands are given."""

from dataclasses import dataclass

from domain_verifier.usecases.breaker import AcceptDenials
from domain_verifier.usecases.change_claim import OverrideClaim, ReleaseClaim
from domain_verifier.usecases.check_claim import CheckClaim
from domain_verifier.usecases.ports import Breakers
from domain_verifier.usecases.show import (
    FindClaim,
    FindTenant,
    ListAttention,
    ListClaims,
    ShowClaim,
)
from domain_verifier.usecases.start_claim import StartClaim


@dataclass(frozen=True, slots=True)
class Verifier:
    """What one can do with claims."""

    start: StartClaim
    check: CheckClaim
    list: ListClaims
    show: ShowClaim
    find: FindClaim
    find_tenant: FindTenant
    release: ReleaseClaim
    override: OverrideClaim
    needing_attention: ListAttention
    accept_denials: AcceptDenials
    breakers: Breakers
