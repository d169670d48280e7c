"""What the directory takes from the bus: the subscriptions, with a handler for each type.

A handler calls one use case inside the consumer's transaction. An event that a rule refuses is
parked (dead letter) with the rule's sentence. Many events of `scim-events` are applied as sets.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from chassis.inbox import Handlers, Subscription
from contracts import domain
from contracts.event import Event
from contracts.topics import DOMAIN_EVENTS, SCIM_EVENTS
from tenant_directory.events.domain_event_handlers import DomainEventHandlers
from tenant_directory.events.handler import BatchUseCasesIn, UseCasesIn
from tenant_directory.events.scim_event_batch import touched_by
from tenant_directory.events.scim_event_handlers import ScimEventHandlers


def subscriptions(
    use_cases_in: UseCasesIn, batch_use_cases_in: BatchUseCasesIn
) -> Sequence[Subscription]:
    """Return what the directory subscribes to."""
    return [_scim_events(use_cases_in, batch_use_cases_in), _domain_events(use_cases_in)]


def _scim_events(use_cases_in: UseCasesIn, batch_use_cases_in: BatchUseCasesIn) -> Subscription:
    @asynccontextmanager
    async def batch(
        events: Sequence[Event], connection: asyncpg.Connection
    ) -> AsyncIterator[Handlers]:
        async with batch_use_cases_in(connection, touched_by(events)) as use_cases:
            yield _scim_handlers(lambda _connection: use_cases)

    return Subscription(SCIM_EVENTS, _scim_handlers(use_cases_in), batch=batch)


def _scim_handlers(use_cases_in: UseCasesIn) -> Handlers:
    handlers = ScimEventHandlers(use_cases_in)
    return {
        "scim.user.created.v1": handlers.apply_user,
        "scim.user.updated.v1": handlers.apply_user,
        "scim.user.deleted.v1": handlers.delete_user,
        "scim.group.created.v1": handlers.apply_group,
        "scim.group.updated.v1": handlers.apply_group,
        "scim.group.deleted.v1": handlers.delete_group,
        "scim.group.members_changed.v1": handlers.change_members,
    }


def _domain_events(use_cases_in: UseCasesIn) -> Subscription:
    record = DomainEventHandlers(use_cases_in).recording
    return Subscription(
        DOMAIN_EVENTS,
        {
            "domain.claimed.v1": record(domain.DomainClaimed, "expires_at"),
            "domain.verified.v1": record(
                domain.DomainVerified,
                *("method", "recovered", "authenticated", "override_until"),
                *("actor", "approved_by", "reason"),
            ),
            "domain.grace.v1": record(domain.DomainGrace, "grace_ends_at", "warning", "reason"),
            "domain.lapsed.v1": record(domain.DomainLapsed, "reason"),
            "domain.failed.v1": record(domain.DomainFailed, "reason"),
            "domain.released.v1": record(domain.DomainReleased, "reason", "actor"),
        },
    )
