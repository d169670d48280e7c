"""What sign-on takes from the bus: tenants, users, and which tenant holds which domain."""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from chassis.inbox import Rejected, Subscription
from chassis.projection import tenant_subscription
from contracts.directory import DirectoryUser
from contracts.domain import DomainEvent
from contracts.event import Event
from contracts.topics import DIRECTORY_USERS, DOMAIN_EVENTS
from kernel.tenant import Tenant
from sso.domain.login import User
from sso.usecases.use_cases import EventUseCases

USER_STATE = "directory.user.state.v1"
IGNORED = frozenset({"domain.claimed.v1", "domain.failed.v1"})

UseCasesIn = Callable[[asyncpg.Connection], EventUseCases]
"""Makes the use cases inside the connection's open transaction."""


def subscriptions(use_cases_in: UseCasesIn) -> Sequence[Subscription]:
    """Return what sign-on subscribes to."""

    async def on_tenant(connection: asyncpg.Connection, tenant: Tenant) -> None:
        await use_cases_in(connection).keep_tenant(tenant)

    async def before_removal(connection: asyncpg.Connection, tenant_id: UUID) -> None:
        await use_cases_in(connection).forget_tenant(tenant_id)

    async def on_user_state(event: Event, connection: asyncpg.Connection) -> None:
        use_cases = use_cases_in(connection)
        if event.data is None:
            await use_cases.forget_user(event.tenant_id, _subject(event))
            return
        await use_cases.keep_user(_user(event))

    async def on_held(event: Event, connection: asyncpg.Connection) -> None:
        await use_cases_in(connection).keep_domain(event.tenant_id, _domain(event))

    async def on_lost(event: Event, connection: asyncpg.Connection) -> None:
        await use_cases_in(connection).forget_domain(event.tenant_id, _domain(event))

    return [
        tenant_subscription(before_removal, on_tenant),
        Subscription(DIRECTORY_USERS, {USER_STATE: on_user_state}),
        Subscription(
            DOMAIN_EVENTS,
            {
                "domain.verified.v1": on_held,
                "domain.grace.v1": on_held,
                "domain.lapsed.v1": on_lost,
                "domain.released.v1": on_lost,
            },
            ignored=IGNORED,
        ),
    ]


def _domain(event: Event) -> str:
    if not isinstance(event.data, DomainEvent):
        raise Rejected(f"{event.type} must carry a claim")
    return event.data.claim.domain


def _subject(event: Event) -> UUID:
    try:
        return UUID(event.subject)
    except ValueError as error:
        raise Rejected(f"the subject {event.subject!r} is no user id") from error


def _user(event: Event) -> User:
    said = event.data
    if not isinstance(said, DirectoryUser):
        raise Rejected(f"{USER_STATE} must carry a user")
    if said.user_id != _subject(event):
        raise Rejected(f"{USER_STATE} is about another user than its envelope")
    return User(
        tenant_id=event.tenant_id,
        id=said.user_id,
        user_name=said.user_name,
        external_id=said.external_id,
        email=said.email,
        display_name=said.display_name,
        given_name=said.given_name,
        family_name=said.family_name,
        role=said.role,
        # Nobody without a role has access (docs/events.md).
        active=said.status == "active" and said.role is not None,
    )
