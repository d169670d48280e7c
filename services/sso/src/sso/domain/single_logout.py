"""Single logout: what an identity provider may say of it, and when that is believed.

Nothing here is looked at before the message's signature was verified.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sso.domain.assertion import SKEW
from sso.domain.connection import IdentityProvider, Kind
from sso.domain.refusals import Code, Refused

LOGOUT_LIFETIME = timedelta(minutes=10)
"""How old a message may be, and how long we wait for an answer."""


@dataclass(frozen=True, slots=True)
class LogoutMessage:
    """What requests and answers have in common (SAML core §3.2)."""

    id: str
    issuer: str | None
    destination: str | None
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """An identity provider's LogoutRequest (SAML core §3.7.1)."""

    message: LogoutMessage
    not_on_or_after: datetime | None
    name_id: str
    session_indexes: tuple[str, ...] = ()
    """Empty: all of this person's sessions."""


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """An identity provider's LogoutResponse (SAML core §3.7.2)."""

    message: LogoutMessage
    in_response_to: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class SessionSubject:
    """As whom an identity provider knows a session, exactly as it said so."""

    name_id: str
    name_id_format: str | None
    session_index: str | None


def check_message(
    message: LogoutMessage, kind: Kind, provider: IdentityProvider, slo_url: str, now: datetime
) -> datetime:
    """Check that a message is meant for us now; return how long its id must be remembered.

    Raises:
        Refused: It comes from somebody else, is for somebody else, or is not of this time.
    """
    if (message.issuer or "").strip() not in _issuers(kind, provider):
        raise Refused(Code.ISSUER, (message.issuer or "")[:200])
    # Entra names no destination, but signs for each app by a key of its own; who signs for all by
    # one key has to say which of them is meant (SAML bindings §3.4.5.2).
    if message.destination is None and kind is not Kind.ENTRA:
        raise Refused(Code.DESTINATION, "a signed message has to name one")
    if message.destination not in (None, slo_url):
        raise Refused(Code.DESTINATION, (message.destination or "")[:300])
    if message.issued_at - SKEW > now:
        raise Refused(Code.NOT_YET_VALID, f"issued {message.issued_at:%Y-%m-%dT%H:%M:%SZ}")
    if message.issued_at + LOGOUT_LIFETIME + SKEW <= now:
        raise Refused(Code.EXPIRED, f"issued {message.issued_at:%Y-%m-%dT%H:%M:%SZ}")
    return message.issued_at + LOGOUT_LIFETIME + 2 * SKEW


def _issuers(kind: Kind, provider: IdentityProvider) -> frozenset[str]:
    """Return by which names it may speak: Entra signs out by another than it signs in by."""
    if kind is not Kind.ENTRA or not provider.sso_url.endswith("/saml2"):
        return frozenset({provider.entity_id})
    return frozenset({provider.entity_id, provider.sso_url.removesuffix("saml2")})
