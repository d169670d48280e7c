"""What the directory hears on `domain-events`: every event becomes one line of the audit log.

The directory keeps no domains; what a line shows is picked here by name, so nothing that the events
may carry some day comes into the audit log unasked.
"""

import asyncpg

from chassis.inbox import Handler, Rejected, Subscription
from contracts import domain as contract
from contracts.event import Event
from contracts.topics import DOMAIN_EVENTS
from tenant_directory.domain.changes import DomainChanged
from tenant_directory.events.incoming import InTransaction, rejecting
from tenant_directory.usecases.record_domain_event import RecordDomainEvent

DomainEvent = (
    contract.DomainClaimed
    | contract.DomainVerified
    | contract.DomainGrace
    | contract.DomainLapsed
    | contract.DomainFailed
    | contract.DomainReleased
)

_VERIFIED = (
    "method",
    "recovered",
    "authenticated",
    "override_until",
    "actor",
    "approved_by",
    "reason",
)


def domain_subscription(in_transaction: InTransaction) -> Subscription:
    """Return the directory's subscription to what becomes of claims to domains."""
    return Subscription(
        DOMAIN_EVENTS,
        {
            "domain.claimed.v1": _recording(in_transaction, contract.DomainClaimed, "expires_at"),
            "domain.verified.v1": _recording(in_transaction, contract.DomainVerified, *_VERIFIED),
            "domain.grace.v1": _recording(
                in_transaction, contract.DomainGrace, "grace_ends_at", "warning", "reason"
            ),
            "domain.lapsed.v1": _recording(in_transaction, contract.DomainLapsed, "reason"),
            "domain.failed.v1": _recording(in_transaction, contract.DomainFailed, "reason"),
            "domain.released.v1": _recording(
                in_transaction, contract.DomainReleased, "reason", "actor"
            ),
        },
    )


def _recording(in_transaction: InTransaction, model: type[DomainEvent], *shown: str) -> Handler:
    """Return a handler that records an event with the named facts, as far as it has them."""

    async def handle(event: Event, connection: asyncpg.Connection) -> None:
        data = event.data
        if not isinstance(data, model):
            raise Rejected(f"Event {event.id} of type {event.type} carries data of another type.")
        change = DomainChanged(
            action=event.type.removesuffix(".v1"),
            domain=data.claim.domain,
            claim_id=data.claim.claim_id,
            facts=data.model_dump(mode="json", include=set(shown), exclude_none=True),
        )
        await RecordDomainEvent(in_transaction(connection))(event.tenant_id, change)

    return rejecting(handle)
