"""A tenant's link to one identity provider: what it needs, and what may happen in which state.

What admins edit is the candidate; what people sign in by is the active one. The candidate becomes
active only after a real sign-in by exactly it has passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from kernel.errors import ConflictError, InvalidError
from sso.domain.certificates import expiry_of, fingerprint_of

UNLISTED_FOR = timedelta(days=7)
"""So long a certificate is trusted that its metadata has ceased to list."""
UNDO_WITHIN = timedelta(hours=24)


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
    """Where an AuthnRequest goes."""
    certificates: tuple[bytes, ...]
    """DER; any of them may have signed."""
    metadata_url: str | None = None
    """Where the metadata came from, and is fetched again; None if it was given by hand."""
    valid_until: datetime | None = None
    """What the metadata says of itself."""
    email_claim: str | None = None
    """The attribute that has the address, set by an admin; None: the usual ones."""
    subject_claim: str | None = None
    """The attribute that never changes for a person, set by an admin; None: the usual ones."""
    takes_post: bool = False
    """Whether requests are posted there, for want of HTTP-Redirect."""
    slo_url: str | None = None
    """Where a LogoutRequest goes by HTTP-Redirect; None if it has no single logout."""
    slo_response_url: str | None = None
    """Where a LogoutResponse goes, if that is elsewhere."""
    unlisted: Mapping[str, datetime] = field(default_factory=dict)
    """Certificates that newer metadata has ceased to list, by SHA-256: until when each is kept."""

    def refreshed(self, fresh: "IdentityProvider", now: datetime) -> "IdentityProvider":
        """Return what is trusted after newer metadata of the same entity.

        New certificates are trusted beside the old at once: providers list one days before it
        signs. One that is no longer listed stays for a week, or an answer on its way would fail.
        """
        unlisted = {
            fingerprint: self.unlisted.get(fingerprint, now + UNLISTED_FOR)
            for fingerprint in map(fingerprint_of, self.certificates)
            if fingerprint not in set(map(fingerprint_of, fresh.certificates))
        }
        kept = {each: until for each, until in unlisted.items() if until > now}
        old = (each for each in self.certificates if fingerprint_of(each) in kept)
        return replace(
            fresh,
            certificates=(*fresh.certificates, *old),
            metadata_url=self.metadata_url,
            email_claim=self.email_claim,
            subject_claim=self.subject_claim,
            unlisted=kept,
        )


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
    previous: IdentityProvider | None = None
    """What people signed in by before the last activation."""
    activated_at: datetime | None = None
    """When the active one was activated; None if that can no longer be undone."""
    sign_requests: bool = False
    """Whether our requests are signed, for providers that ask for that."""
    single_logout: bool = False
    """Whether who signs out at an app is signed out at the identity provider, too."""
    domains: tuple[str, ...] = ()
    """The domains that it speaks for, alone; none: all that no other connection speaks for."""
    default_client: str | None = None
    """The app where a sign-in leads that begins at the identity provider; None: nowhere."""

    @property
    def routes(self) -> tuple[str, ...]:
        """Return the domains whose people are led to it; an empty one stands for all others."""
        if self.active is None or self.suspended:
            return ()
        return self.domains or ("",)

    @property
    def certificates_end(self) -> datetime | None:
        """Return when the last certificate ends that people sign in by; None if they do not."""
        provider = self.provider_for(Use.SIGN_IN)
        return max(map(expiry_of, provider.certificates)) if provider is not None else None

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

    def refreshed(self, fresh: IdentityProvider, now: datetime) -> "Connection":
        """Return the connection after metadata of what people sign in by was fetched again.

        Raises:
            ConflictError: It is another entity's: that is an admin's to decide.
        """
        if self.active is None:
            return self
        if fresh.entity_id != self.active.entity_id:
            raise ConflictError(
                "entity-id-changed",
                f"The metadata is now of {fresh.entity_id[:300]}, not of "
                f"{self.active.entity_id[:300]}. If that is right, set it again, test, activate.",
            )
        active = self.active.refreshed(fresh, now)
        if active == self.active:
            return self
        candidate = active if self.candidate == self.active else self.candidate
        return replace(self, active=active, candidate=candidate, version=self.version + 1)

    def activated(self, now: datetime) -> "Connection":
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
        return replace(
            self,
            active=self.candidate,
            suspended=False,
            version=self.version + 1,
            previous=self.active,
            activated_at=now,
        )

    def undone(self, now: datetime) -> "Connection":
        """Return the connection as it was before its last activation, if that is not long ago."""
        if self.activated_at is None or now - self.activated_at > UNDO_WITHIN:
            hours = UNDO_WITHIN // timedelta(hours=1)
            raise ConflictError(
                "nothing-to-undo", f"Nothing was activated in the last {hours} hours."
            )
        return replace(
            self,
            active=self.previous,
            version=self.version + 1,
            previous=None,
            activated_at=None,
        )

    def ends_sessions_of(self, before: "Connection") -> bool:
        """Tell whether sessions that came by it end with the change from `before`."""
        return self.suspended or (before.activated_at is not None and self.activated_at is None)

    def suspend(self) -> "Connection":
        """Return the connection by which nobody signs in."""
        return replace(self, suspended=True, version=self.version + 1)
