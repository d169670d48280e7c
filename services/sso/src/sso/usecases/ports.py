"""What the use cases need from storage and from what speaks SAML and JOSE."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from kernel.errors import ConflictError
from kernel.tenant import Tenant
from sso.domain.assertion import Assertion
from sso.domain.client import Client
from sso.domain.connection import Connection, IdentityProvider
from sso.domain.login import NewCode, Outcome, PendingLogin, Session, User, Waiting
from sso.domain.tokens import AccessIds


class ConnectionInUseError(ConflictError):
    """Another connection of the tenant leads the same people."""

    def __init__(self) -> None:
        super().__init__(
            "connection-in-use",
            "Another active connection of the tenant speaks for the same domains: suspend it, or "
            "give one of both domains of its own (`connection set-domains`).",
        )


@dataclass(frozen=True, slots=True)
class LogRow:
    """What became of a sign-in."""

    tenant_id: UUID
    id: UUID
    occurred_at: datetime
    connection_id: UUID
    outcome: str
    """`signed_in`, `test_passed`, or the code of a refusal."""
    user_id: UUID | None = None
    matched_by: str | None = None
    detail: str | None = None
    correlation_id: str | None = None


class Tenants(Protocol):
    """The tenants as the directory last described them."""

    async def find(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant by its id."""
        ...

    async def find_named(self, name: str) -> Tenant | None:
        """Return a tenant by its name in any case."""
        ...


@dataclass(frozen=True, slots=True)
class TenantConnection:
    """A connection with what is known of its tenant."""

    connection: Connection
    tenant: Tenant | None
    domains: frozenset[str]
    """Those that the tenant holds and the connection speaks for."""
    initiate_login_uri: str | None = None
    """Where the connection's default app begins a sign-in; None if it has none."""
    is_confined: bool = False
    """Whether others speak for some of the tenant's people, or it for those of some domains."""


@dataclass(frozen=True, slots=True)
class TenantRoute:
    """Where the people of a mail domain sign in."""

    connection: Connection
    tenant: Tenant | None
    """The one that holds the domain, once the directory has told of it."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """What became of fetching a connection's metadata again."""

    at: datetime | None = None
    """When it was fetched last."""
    failures: int = 0
    """Since then."""
    problem: str | None = None


class Connections(Protocol):
    """The connections of all tenants."""

    async def add(self, connection: Connection) -> None:
        """Store a new one."""
        ...

    async def list(self, tenant_id: UUID) -> Sequence[Connection]:
        """Return a tenant's, the oldest first."""
        ...

    async def find(self, connection_id: UUID) -> Connection | None:
        """Return the one that an address names."""
        ...

    async def find_with_tenant(self, connection_id: UUID) -> TenantConnection | None:
        """Return the one that an address names, with what is known of its tenant."""
        ...

    async def find_with_login(
        self, connection_id: UUID, login_id: UUID | None
    ) -> tuple[TenantConnection, PendingLogin | None] | None:
        """Return the same, with its login of that id."""
        ...

    async def find_route(self, domain: str) -> TenantRoute | None:
        """Return where the people of a mail domain sign in, if one tenant holds it."""
        ...

    async def find_routed(self, tenant_id: UUID, domain: str) -> Connection | None:
        """Return the one that the people of a tenant's domain sign in by."""
        ...

    async def change(
        self, connection_id: UUID, decide: Callable[[Connection], Connection]
    ) -> Connection | None:
        """Lock it, decide, store the result; a suspended one's sessions end with it.

        Raises:
            ConnectionInUseError: A domain would lead to two of them.
        """
        ...


class Refreshes(Protocol):
    """Which connections' metadata is due, and what became of it."""

    async def refresh_of(self, connection: Connection) -> Refresh:
        """Return what became of fetching its metadata again."""
        ...

    async def claim_refreshes(
        self, now: datetime, leased_until: datetime, limit: int
    ) -> Sequence[UUID]:
        """Take connections whose metadata is due; nobody else does until the lease is over."""
        ...

    async def save_refresh(
        self, connection: Connection, now: datetime, due_at: datetime, problem: str | None
    ) -> None:
        """Note what became of it, and when it is due again."""
        ...


class People(Protocol):
    """Users, their bindings, and the domains of their tenants."""

    async def tenant_of_domain(self, domain: str) -> UUID | None:
        """Return the tenant that holds a domain, if exactly one does."""
        ...

    async def domains(self, tenant_id: UUID) -> frozenset[str]:
        """Return the domains that a tenant holds."""
        ...

    async def tenant_with_domains(self, tenant_id: UUID) -> tuple[Tenant, frozenset[str]] | None:
        """Return what is known of a tenant, with the domains that it holds."""
        ...

    async def bound(self, tenant_id: UUID, connection_id: UUID, subject: str) -> User | None:
        """Return the user that a subject is bound to."""
        ...

    async def bound_subjects(
        self, tenant_id: UUID, connection_id: UUID, user_id: UUID
    ) -> Sequence[str]:
        """Return the subjects that a user is bound to."""
        ...

    async def with_external_id(self, tenant_id: UUID, external_id: str) -> Sequence[User]:
        """Return the users with an external id, two at most."""
        ...

    async def with_address(self, tenant_id: UUID, key: str) -> Sequence[User]:
        """Return the users whose user name or address has a comparison key, two at most."""
        ...

    async def find(self, tenant_id: UUID, user_id: UUID) -> User | None:
        """Return a user."""
        ...


class Logins(Protocol):
    """Logins on their way, and what becomes of them."""

    async def begin(self, login: PendingLogin, at: datetime) -> None:
        """Remember that a browser has left."""
        ...

    async def find(
        self, tenant_id: UUID, connection_id: UUID, request_id: str
    ) -> PendingLogin | None:
        """Return the login that a request began."""
        ...

    async def find_test(
        self, tenant_id: UUID, connection_id: UUID, login_id: UUID
    ) -> PendingLogin | None:
        """Return the test of that id."""
        ...

    async def take_assertion(
        self,
        login: PendingLogin,
        assertion_id: str,
        remember_until: datetime,
        *,
        outcome: Outcome,
        proof_digest: bytes,
        subject: str | None,
        row: LogRow,
    ) -> bool:
        """Take an assertion: note who it was, bind the subject, log; False if it was taken."""
        ...

    async def pass_test(
        self, login: PendingLogin, assertion_id: str, remember_until: datetime, row: LogRow
    ) -> bool:
        """Take the assertion of a test, once; it signs nobody in."""
        ...

    async def complete(
        self, login_id: UUID, proof_digest: bytes
    ) -> tuple[PendingLogin, Tenant | None] | None:
        """Return a login whose assertion was taken, once, by its own proof; and its tenant."""
        ...

    async def answered(self, login_id: UUID, proof_digest: bytes) -> PendingLogin | None:
        """Return a login whose assertion was taken, by its own proof, which stays good."""
        ...

    async def forget(self, login: PendingLogin) -> bool:
        """Forget a login; False if that was done."""
        ...

    async def wait(self, login: PendingLogin, waiting: Waiting, digest: bytes) -> None:
        """Remember who waits to be provisioned."""
        ...

    async def waiting(self, login_id: UUID, digest: bytes) -> tuple[PendingLogin, Waiting] | None:
        """Return a login whose person waits, and who that is, if the proof is its own."""
        ...

    async def completed(self, login_id: UUID, browser_digest: bytes) -> PendingLogin | None:
        """Return a login that this browser has completed."""
        ...

    async def log(self, row: LogRow) -> None:
        """Write what became of a sign-in."""
        ...


class Sessions(Protocol):
    """People who are signed in, and the codes that tell apps so."""

    async def start(
        self, session: Session, secret_digest: bytes, outcome: Outcome, code: NewCode | None
    ) -> bool:
        """Store a new session, and a code; False if the person or the connection may no longer."""
        ...

    async def find(self, secret_digest: bytes, at: datetime) -> tuple[Session, User] | None:
        """Return a live session of somebody who may sign in."""
        ...

    async def find_by_token(self, ids: AccessIds, at: datetime) -> tuple[Session, User] | None:
        """Return the live session of an access token that was not revoked."""
        ...

    async def issue_code(self, session: Session, code: NewCode, at: datetime) -> None:
        """Store a code; the session is not idle then."""
        ...


class Clients(Protocol):
    """The apps."""

    async def add(self, client: Client, at: datetime) -> bool:
        """Store a new one; False if its id is taken."""
        ...

    async def find(self, client_id: str) -> Client | None:
        """Return one by its id."""
        ...

    async def list(self) -> Sequence[Client]:
        """Return all."""
        ...

    async def rotate_secret(self, client_id: str, digest: bytes, old_until: datetime) -> bool:
        """Give it another secret; False if there is no such client that has one."""
        ...

    async def disable(self, client_id: str, at: datetime) -> bool:
        """Let nobody sign in by it any more, and end every session that it was let into."""
        ...


class Signer(Protocol):
    """Signs and reads tokens."""

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        """Return claims as a signed token."""
        ...

    def read(self, token: str, *, typ: str, audience: str, now: datetime) -> Mapping[str, Any]:
        """Return the claims of a token of ours, or raise UnauthenticatedError."""
        ...


ReadResponse = Callable[[bytes, IdentityProvider, str], tuple[Assertion, str | None]]
"""Returns the verified assertion of a posted document, made for an ACS URL, and its InResponseTo.

Raises Refused.
"""
