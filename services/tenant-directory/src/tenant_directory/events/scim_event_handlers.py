"""What the directory hears on `scim-events`: one use case in the consumer's transaction each.

An event that the rules refuse can never succeed by itself: it is parked, loudly, and the tenant's
later events wait for an operator.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import asyncpg

from chassis.clock import Clock
from chassis.inbox import Handler, Rejected, Subscription
from contracts import scim as contract
from contracts.base import Contract
from contracts.event import Event
from contracts.topics import SCIM_EVENTS
from tenant_directory.domain.errors import DomainError
from tenant_directory.domain.group import IdpGroup
from tenant_directory.domain.user import IdpUser, Profile
from tenant_directory.usecases.apply_members import ApplyMembers
from tenant_directory.usecases.apply_scim_group import ApplyScimGroup, ApplyScimGroupDeleted
from tenant_directory.usecases.apply_scim_user import ApplyScimUser
from tenant_directory.usecases.apply_scim_user_deleted import ApplyScimUserDeleted
from tenant_directory.usecases.ports import UnitOfWorkFactory

InTransaction = Callable[[asyncpg.Connection], UnitOfWorkFactory]
"""Makes units of work that are part of the connection's open transaction."""

C = TypeVar("C", bound=Contract)


def scim_subscription(in_transaction: InTransaction, clock: Clock) -> Subscription:
    """Return the directory's subscription to what the identity providers say."""
    handlers = ScimEventHandlers(in_transaction, clock)
    return Subscription(
        SCIM_EVENTS,
        {
            "scim.user.created.v1": rejecting(handlers.on_user_changed),
            "scim.user.updated.v1": rejecting(handlers.on_user_changed),
            "scim.user.deleted.v1": rejecting(handlers.on_user_deleted),
            "scim.group.created.v1": rejecting(handlers.on_group_changed),
            "scim.group.updated.v1": rejecting(handlers.on_group_changed),
            "scim.group.deleted.v1": rejecting(handlers.on_group_deleted),
            "scim.group.members_changed.v1": rejecting(handlers.on_members_changed),
        },
    )


def rejecting(handler: Handler) -> Handler:
    """Return the handler with refusals of the rules said as the bus says them."""

    @wraps(handler)
    async def handle(event: Event, connection: asyncpg.Connection) -> None:
        try:
            await handler(event, connection)
        except DomainError as error:
            raise Rejected(error.sentence) from error

    return handle


class ScimEventHandlers:
    """The handlers of `scim-events`."""

    def __init__(self, in_transaction: InTransaction, clock: Clock) -> None:
        self._in_transaction = in_transaction
        self._clock = clock

    async def on_user_changed(self, event: Event, connection: asyncpg.Connection) -> None:
        """Apply the whole state of a user."""
        apply = ApplyScimUser(self._in_transaction(connection), self._clock)
        data = event.data
        if not isinstance(data, contract.ScimUserCreated | contract.ScimUserUpdated):
            raise _wrong_data(event)
        await apply(event.tenant_id, _idp_user(data.user))

    async def on_user_deleted(self, event: Event, connection: asyncpg.Connection) -> None:
        """Remove a user."""
        data = _data(event, contract.ScimUserDeleted)
        await ApplyScimUserDeleted(self._in_transaction(connection))(event.tenant_id, data.user_id)

    async def on_group_changed(self, event: Event, connection: asyncpg.Connection) -> None:
        """Apply the whole state of a group."""
        apply = ApplyScimGroup(self._in_transaction(connection), self._clock)
        data = event.data
        if not isinstance(data, contract.ScimGroupCreated | contract.ScimGroupUpdated):
            raise _wrong_data(event)
        await apply(event.tenant_id, _idp_group(data.group))

    async def on_group_deleted(self, event: Event, connection: asyncpg.Connection) -> None:
        """Remove a group."""
        data = _data(event, contract.ScimGroupDeleted)
        await ApplyScimGroupDeleted(self._in_transaction(connection))(
            event.tenant_id, data.group_id
        )

    async def on_members_changed(self, event: Event, connection: asyncpg.Connection) -> None:
        """Change the members of a group."""
        data = _data(event, contract.ScimGroupMembersChanged)
        apply = ApplyMembers(self._in_transaction(connection))
        await apply(event.tenant_id, data.group_id, added=data.added, removed=data.removed)


def _data(event: Event, model: type[C]) -> C:
    if not isinstance(event.data, model):
        raise _wrong_data(event)
    return event.data


def _wrong_data(event: Event) -> Rejected:
    return Rejected(f"Event {event.id} of type {event.type} carries data of another type.")


def _idp_user(user: contract.ScimUser) -> IdpUser:
    return IdpUser(
        user_id=user.user_id,
        version=user.version,
        user_name=user.user_name,
        active=user.active,
        soft_deleted=user.soft_deleted,
        profile=Profile(
            external_id=user.external_id,
            display_name=user.display_name,
            given_name=user.given_name,
            family_name=user.family_name,
            email=user.email,
            attributes=user.attributes,
        ),
    )


def _idp_group(group: contract.ScimGroup) -> IdpGroup:
    return IdpGroup(
        group_id=group.group_id,
        version=group.version,
        display_name=group.display_name,
        external_id=group.external_id,
    )
