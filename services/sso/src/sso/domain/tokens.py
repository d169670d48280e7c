"""How long tokens live, and what happens to those that are shown twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sso.domain.login import Session, User

ACCESS_TOKEN = "at+jwt"  # noqa: S105  # a media type (RFC 9068 §2.1)
ID_TOKEN = "JWT"  # noqa: S105
TOKEN_LIFETIME = timedelta(minutes=5)
OFFLINE_LIFETIME = timedelta(days=30)
"""Of refresh tokens that go on after the browser's session (`offline_access`), from the first."""
REPLAY_AFTER = timedelta(seconds=5)
"""A code that comes again sooner was sent twice by the app itself (a callback loaded twice)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What an app may have tokens for: somebody's session, within a scope."""

    session: Session
    user: User
    client_id: str
    scope: str


@dataclass(frozen=True, slots=True)
class AccessIds:
    """What an access token of a person names."""

    tenant_id: UUID
    session_id: UUID
    client_id: str
    token_id: UUID
    """Its `jti`; ids of version 7 rise with time."""


@dataclass(frozen=True, slots=True)
class CodeGrant(Grant):
    """What a code is good for."""

    redirect_uri: str
    code_challenge: str
    nonce: str | None
    used_at: datetime | None = None
    """None for a code that was good."""
