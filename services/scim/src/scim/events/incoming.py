"""What this service hears from the directory: the state of tenants and users."""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from chassis.inbox import Rejected, Subscription
from contracts.directory import DirectoryTenant, DirectoryUser
from contracts.event import Event
from contracts.topics import DIRECTORY_TENANTS, DIRECTORY_USERS
from scim.usecases.follow_directory import DirectoryUserState, FollowDirectory
from scim.usecases.ports import Tenant

TENANT_STATE = "directory.tenant.state.v1"
USER_STATE = "directory.user.state.v1"


def subscriptions(
    follow: Callable[[asyncpg.Connection], FollowDirectory],
) -> Sequence[Subscription]:
    """Return what the consumer listens to; `follow` binds the use case to its transaction."""

    async def on_tenant_state(event: Event, connection: asyncpg.Connection) -> None:
        if event.data is None:
            await follow(connection).tenant_gone(event.tenant_id)
            return
        await follow(connection).tenant(_tenant(event))

    async def on_user_state(event: Event, connection: asyncpg.Connection) -> None:
        if event.data is None:
            await follow(connection).user_gone(event.tenant_id, _subject(event))
            return
        await follow(connection).user(event.tenant_id, _state(event), event.time)

    return [
        Subscription(DIRECTORY_TENANTS, {TENANT_STATE: on_tenant_state}),
        Subscription(DIRECTORY_USERS, {USER_STATE: on_user_state}),
    ]


def _subject(event: Event) -> UUID:
    try:
        return UUID(event.subject)
    except ValueError as error:
        raise Rejected(f"the subject {event.subject!r} is no user id") from error


def _tenant(event: Event) -> Tenant:
    data = event.data
    if not isinstance(data, DirectoryTenant):
        raise Rejected(f"{TENANT_STATE} must carry a tenant")
    if data.tenant_id != event.tenant_id:
        raise Rejected(f"{TENANT_STATE} speaks of another tenant than its envelope")
    return Tenant(data.tenant_id, data.name, data.package, data.status)


def _state(event: Event) -> DirectoryUserState:
    user = event.data
    if not isinstance(user, DirectoryUser):
        raise Rejected(f"{USER_STATE} must carry a user")
    if user.user_id != _subject(event):
        raise Rejected(f"{USER_STATE} speaks of another user than its envelope")
    return DirectoryUserState(
        id=user.user_id,
        user_name=user.user_name,
        active=user.status == "active",
        manual=user.origin == "manual",
        external_id=user.external_id,
        display_name=user.display_name,
        given_name=user.given_name,
        family_name=user.family_name,
        email=user.email,
    )
