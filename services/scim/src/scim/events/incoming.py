"""What the SCIM service takes from the bus: the state of the directory's tenants and users.

A tenant that goes takes its tokens with it: their foreign key says so.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg
import orjson

from chassis.bus import ReceivedRecord
from chassis.inbox import Rejected, Subscription
from chassis.projection import tenant_subscription
from contracts.directory import DirectoryUser
from contracts.event import Event
from contracts.topics import DIRECTORY_USERS
from scim.usecases.directory_users import DirectoryUserState
from scim.usecases.use_cases import EventUseCases

USER_STATE = "directory.user.state.v1"


UseCasesIn = Callable[[asyncpg.Connection], EventUseCases]
"""Makes the use cases inside the connection's open transaction."""


def subscriptions(use_cases_in: UseCasesIn) -> Sequence[Subscription]:
    """Return what the SCIM service subscribes to."""

    async def on_user_state(event: Event, connection: asyncpg.Connection) -> None:
        use_cases = use_cases_in(connection)
        if event.data is None:
            await use_cases.forget_directory_user(event.tenant_id, _subject(event))
            return
        await use_cases.keep_directory_user(event.tenant_id, _state(event), event.time)

    return [
        tenant_subscription(),
        Subscription(DIRECTORY_USERS, {USER_STATE: on_user_state}, passes_over=is_provisioned),
    ]


def is_provisioned(record: ReceivedRecord) -> bool:
    """Tell whether a record says how a user is that the identity provider keeps.

    That is what became of our own events, and most of what comes back.
    """
    try:
        state = orjson.loads(record.value or b"null")
    except orjson.JSONDecodeError:
        return False
    return isinstance(state, dict) and state.get("origin") == "scim"


def _subject(event: Event) -> UUID:
    try:
        return UUID(event.subject)
    except ValueError as error:
        raise Rejected(f"the subject {event.subject!r} is no user id") from error


def _state(event: Event) -> DirectoryUserState:
    user = event.data
    if not isinstance(user, DirectoryUser):
        raise Rejected(f"{USER_STATE} must carry a user")
    if user.user_id != _subject(event):
        raise Rejected(f"{USER_STATE} is about another user than its envelope")
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
