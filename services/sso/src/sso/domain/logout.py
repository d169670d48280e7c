"""Signing out at the request of an app (OpenID Connect RP-initiated logout 1.0)."""

from dataclasses import dataclass
from uuid import UUID

from sso.domain.client import Client


@dataclass(frozen=True, slots=True)
class Hint:
    """Who an ID token of ours says is signed in, and at which app; it may be over."""

    client_id: str
    tenant_id: UUID
    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What an app asks for, as far as it was found to be in order."""

    hint: Hint | None = None
    """None where there is none that is good."""
    client_id: str | None = None
    return_to: str | None = None
    """One of the app's registered addresses; None where none is asked for, or another."""
    state: str | None = None
    return_refused: bool = False
    """Whether an address was asked for that the app has not registered."""


def registered(client: Client | None, uri: str) -> bool:
    """Tell whether a browser may go there: the very same text that was registered."""
    return client is not None and uri in client.settings.post_logout_redirect_uris
