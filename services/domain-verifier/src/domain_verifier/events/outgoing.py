"""Changes of claims as events of the bus."""

from collections.abc import Sequence
from datetime import datetime

from chassis.outbox import OutboxRecord, outbox_record
from contracts import domain as contract
from contracts.base import Contract
from domain_verifier.domain import changes
from domain_verifier.domain.claim import Claim


def outgoing(
    claim: Claim, happened: Sequence[changes.Change], now: datetime
) -> Sequence[OutboxRecord]:
    """Return the outbox rows for what happened to a claim, in order."""
    events = [
        _event(claim, change) for change in happened if not isinstance(change, changes.ReviewBegan)
    ]
    return [
        outbox_record(
            kind, tenant_id=claim.tenant_id, subject=str(claim.claim_id), data=data, now=now
        )
        for kind, data in events
    ]


def _event(claim: Claim, change: changes.Published) -> tuple[str, Contract]:
    described = contract.DomainClaim(
        claim_id=claim.claim_id,
        domain=claim.domain.ascii,
        registrable_domain=claim.domain.registrable,
        state=claim.state.value,
    )
    match change:
        case changes.Claimed():
            data: Contract = contract.DomainClaimed(claim=described, expires_at=claim.expires_at)
            return "domain.claimed.v1", data
        case changes.Verified():
            return "domain.verified.v1", _verified(described, claim, change)
        case changes.GraceWarned(ends_at, warning, reason):
            data = contract.DomainGrace(
                claim=described, grace_ends_at=ends_at, warning=warning, reason=reason
            )
            return "domain.grace.v1", data
        case changes.Lapsed(reason):
            return "domain.lapsed.v1", contract.DomainLapsed(claim=described, reason=reason)
        case changes.Failed(reason):
            return "domain.failed.v1", contract.DomainFailed(claim=described, reason=reason)
        case changes.Released(reason, actor):
            data = contract.DomainReleased(claim=described, reason=reason, actor=actor)
            return "domain.released.v1", data


def _verified(
    described: contract.DomainClaim, claim: Claim, change: changes.Verified
) -> contract.DomainVerified:
    return contract.DomainVerified(
        claim=described,
        method=change.method,
        recovered=change.recovered,
        authenticated=claim.authenticated and change.method == "dns",
        override_until=change.override_until,
        actor=change.actor,
        approved_by=change.approved_by,
        reason=change.reason,
    )
