"""A sign-in on its way: what an app asked for, and what the identity provider answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kernel.names import comparison_key
from sso.domain.connection import Use

LOGIN_LIFETIME = timedelta(minutes=10)
WAIT_TO_BE_PROVISIONED = timedelta(seconds=10)
"""So long somebody unknown is looked for again: people and their sign-in come by two ways."""
CODE_LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request of an app that was found to be in order (OpenID Connect core §3.1.2.1)."""

    client_id: str
    redirect_uri: str
    scope: str
    code_challenge: str
    state: str | None = None
    nonce: str | None = None
    prompt: str = ""
    """What was asked for of `none`, `login`, `select_account` and `consent`, apart by spaces."""
    max_age: int | None = None
    """How many seconds ago somebody may have signed in at most."""
    login_hint: str = ""
    asks_as: str | None = None
    """The name of an app that has to ask people before it is told of them; None for our own."""
    subject: str | None = None
    """Who the app takes for signed in, by a hint that it has sent; empty if that cannot be read."""

    @property
    def asks_anew(self) -> bool:
        """Whether the identity provider has to ask the person again."""
        return "login" in self.prompt.split() or self.max_age is not None

    def is_answered_by(self, session: "Session", now: datetime) -> bool:
        """Tell whether who is signed in may go on without being asked for anything."""
        if {"login", "select_account"} & set(self.prompt.split()):
            return False
        if self.subject is not None and self.subject != str(session.user_id):
            return False
        if self.max_age is None:
            return True
        return session.authenticated_at + timedelta(seconds=self.max_age) > now


@dataclass(frozen=True, slots=True)
class NewCode:
    """What is stored of a code that an app gets."""

    request: AuthorizationRequest
    digest: bytes
    """Of the code: SHA-256."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who signed in by an assertion."""

    user_id: UUID
    matched_by: str
    name_id: str | None
    name_id_format: str | None
    session_index: str | None
    session_ends_at: datetime | None
    instead_as: str | None = None
    """The user name, where the person had typed the address of somebody else."""
    acr: str | None = None
    amr: tuple[str, ...] = ("fed",)


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A browser that has left for the identity provider."""

    tenant_id: UUID
    id: UUID
    connection_id: UUID
    use: Use
    request_id: str
    expires_at: datetime
    browser_digest: bytes | None = None
    """Of the secret that the browser which began has; None for a test."""
    request: AuthorizationRequest | None = None
    """None for a test."""
    proof_digest: bytes | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody whom an assertion speaks of, and whom the directory has not told of yet."""

    since: datetime
    assertion_id: str
    remember_until: datetime
    stable: str | None
    object_id: str | None
    addresses: tuple[str, ...]
    name_id: str | None
    name_id_format: str | None
    session_index: str | None
    session_ends_at: datetime | None
    acr: str | None = None
    amr: tuple[str, ...] = ("fed",)

    def outcome(self, user: "User", matched_by: str, typed: str) -> Outcome:
        """Return who signed in, once that is known; `typed` is the address that they began with."""
        own = {user.user_name, user.email or "", *self.addresses}
        is_other = comparison_key(typed) not in {comparison_key(each) for each in own}
        return Outcome(
            user.id,
            matched_by,
            self.name_id,
            self.name_id_format,
            self.session_index,
            self.session_ends_at,
            user.user_name if typed and is_other else None,
            self.acr,
            self.amr,
        )


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in."""

    tenant_id: UUID
    id: UUID
    user_id: UUID
    connection_id: UUID
    authenticated_at: datetime
    expires_at: datetime
    """If nobody comes by it any more; it moves with each visit."""
    ends_at: datetime
    """At the latest."""
    idle: timedelta = timedelta(hours=12)
    """How long it lasts without a visit."""
    acr: str | None = None
    """How the identity provider says that the person signed in (AuthnContextClassRef)."""
    amr: tuple[str, ...] = ("fed",)
    """By which ways (RFC 8176): `fed`, and `mfa` where the identity provider says so."""


@dataclass(frozen=True, slots=True)
class User:
    """A person as the directory describes them."""

    tenant_id: UUID
    id: UUID
    user_name: str
    external_id: str | None
    email: str | None
    display_name: str | None
    given_name: str | None
    family_name: str | None
    role: str | None
    active: bool
