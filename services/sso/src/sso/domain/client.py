"""An app that people sign in to, as an operator has registered it."""

from dataclasses import dataclass, field
from datetime import datetime

DEFAULT_ACCESS_SECONDS = 300
LONGEST_ACCESS_SECONDS = 900
"""Deny lists remember who is out for as long (`chassis.denied`)."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What an operator may choose of an app."""

    post_logout_redirect_uris: tuple[str, ...] = ()
    """Where a browser may go after it has signed out."""
    backchannel_logout_uri: str | None = None
    """Where the app hears of the end of sessions (OpenID Connect back-channel logout §2.2)."""
    initiate_login_uri: str | None = None
    """Where the app begins a sign-in that somebody else asks for (OpenID Connect core §4)."""
    audiences: tuple[str, ...] = ()
    """The APIs that its access tokens are for, beside `userinfo`."""
    service: bool = False
    """Whether it gets tokens for itself (client credentials, RFC 6749 §4.4)."""
    allowed_origins: tuple[str, ...] = ()
    """Where it runs in browsers and asks for tokens from."""
    consent: bool = False
    """Whether it is somebody else's, and people are asked before it is told of them."""
    access_token_seconds: int = DEFAULT_ACCESS_SECONDS
    public_keys: str | None = None
    """A JSON Web Key Set by which it proves itself, in place of a secret (`private_key_jwt`)."""


@dataclass(frozen=True, slots=True)
class Client:
    """An app."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    secret_digest: bytes | None = None
    """None for an app that can keep no secret."""
    disabled: bool = False
    previous_secret_digest: bytes | None = None
    """Of the secret before, which is good until `previous_secret_until`."""
    previous_secret_until: datetime | None = None
    settings: ClientSettings = field(default_factory=ClientSettings)

    @property
    def proves_itself(self) -> bool:
        """Whether it can keep a secret: it is a server, and not a browser or a phone."""
        return self.secret_digest is not None or self.settings.public_keys is not None
