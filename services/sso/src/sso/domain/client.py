"""An app that people sign in to, as an operator has registered it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What an operator may choose of an app."""

    post_logout_redirect_uris: tuple[str, ...] = ()
    """Where a browser may go after it has signed out."""
    backchannel_logout_uri: str | None = None
    """Where the app hears of the end of sessions (OpenID Connect back-channel logout §2.2)."""


@dataclass(frozen=True, slots=True)
class Client:
    """An app."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    secret_digest: bytes | None = None
    """None for an app that can keep no secret."""
    disabled: bool = False
    settings: ClientSettings = field(default_factory=ClientSettings)

    @property
    def proves_itself(self) -> bool:
        """Whether it can keep a secret: it is a server, and not a browser or a phone."""
        return self.secret_digest is not None
