"""A tenant's link to one identity provider: what it needs, and what may happen in which state.

What admins edit is the candidate; what people sign in by is the active one. The candidate becomes
active only after a real sign-in by exactly it has passed.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kernel.errors import ConflictError, InvalidError


class Kind(StrEnum):
    """Which identity provider it is."""

    ENTRA = "entra"
    SAML = "saml"


class State(StrEnum):
    """How far a connection is."""

    DRAFT = "draft"
    TESTED = "tested"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Use(StrEnum):
    """What somebody wants to do by a connection."""

    SIGN_IN = "sign_in"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """What the metadata of an identity provider says."""

    entity_id: str
    sso_url: str
    """Where an AuthnRequest goes by HTTP-Redirect."""
    certificates: tuple[bytes, ...]
    """DER; any of them may have signed."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection."""

    tenant_id: UUID
    id: UUID
    name: str
    kind: Kind
    created_at: datetime
    candidate: IdentityProvider | None = None
    """As edited last; None before any metadata has come."""
    tested: bool = False
    """Whether a sign-in by exactly the candidate has passed."""
    active: IdentityProvider | None = None
    suspended: bool = False
    version: int = 1

    @property
    def state(self) -> State:
        """Return how far it is; an edited connection whose old revision works on is active."""
        if self.suspended:
            return State.SUSPENDED
        if self.active is not None:
            return State.ACTIVE
        return State.TESTED if self.tested else State.DRAFT

    def provider_for(self, use: Use) -> IdentityProvider | None:
        """Return whom to ask, the one answer to "may this happen in this state?"; None is no."""
        if use is Use.TEST:
            return self.candidate
        return None if self.suspended else self.active

    def edited(self, provider: IdentityProvider) -> "Connection":
        """Return the connection with other metadata, which has to be tested again."""
        if provider == self.candidate:
            return self
        return replace(self, candidate=provider, tested=False, version=self.version + 1)

    def passed_test(self, provider: IdentityProvider) -> "Connection":
        """Return the connection after a sign-in by this provider's metadata has passed."""
        if provider != self.candidate or self.tested:
            return self
        return replace(self, tested=True, version=self.version + 1)

    def activated(self) -> "Connection":
        """Return the connection that people sign in by."""
        if self.candidate is None:
            raise InvalidError(
                "metadata-missing", "Give it the identity provider's metadata first."
            )
        if not self.tested:
            raise ConflictError(
                "connection-untested",
                "Test it first: sign in once by `python -m sso connection test`.",
            )
        return replace(self, active=self.candidate, suspended=False, version=self.version + 1)

    def suspend(self) -> "Connection":
        """Return the connection by which nobody signs in."""
        return replace(self, suspended=True, version=self.version + 1)
