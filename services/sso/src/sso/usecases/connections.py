"""Making, editing, activating and suspending connections."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chassis.clock import Clock
from chassis.ids import uuid7
from kernel.errors import InvalidError, NotFoundError
from kernel.names import parse_id_leniently
from kernel.tenant import Tenant
from sso.domain.address import parse_address
from sso.domain.connection import Connection, Kind
from sso.usecases.entitlement import refuse_without_sign_on
from sso.usecases.ports import Clients, Connections, People, Tenants

MAX_NAME = 100
MAX_DOMAINS = 200
MAX_CLAIM = 255


@dataclass(frozen=True, slots=True)
class CreateConnection:
    """Makes a connection of a tenant."""

    connections: Connections
    clock: Clock

    async def __call__(self, tenant: Tenant, name: str, kind: Kind) -> Connection:
        """Store a draft and return it."""
        refuse_without_sign_on(tenant)
        if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            raise InvalidError("name-invalid", f"A name has 1 to {MAX_NAME} printable characters.")
        made = Connection(tenant.tenant_id, uuid7(), name.strip(), kind, self.clock.now())
        await self.connections.add(made)
        return made


@dataclass(frozen=True, slots=True)
class ListConnections:
    """Lists a tenant's connections."""

    connections: Connections

    async def __call__(self, tenant: Tenant) -> Sequence[Connection]:
        """Return them, the oldest first."""
        return await self.connections.list(tenant.tenant_id)


@dataclass(frozen=True, slots=True)
class GetConnection:
    """Reads one connection."""

    connections: Connections

    async def __call__(self, connection_id: str) -> Connection:
        """Return the connection of that id."""
        found = parse_id_leniently(connection_id)
        connection = await self.connections.find(found) if found is not None else None
        if connection is None:
            raise no_such_connection()
        return connection


@dataclass(frozen=True, slots=True)
class ActivateConnection:
    """Lets a tenant's people sign in by a connection that was tested."""

    connections: Connections
    tenants: Tenants
    clock: Clock

    async def __call__(self, connection: Connection) -> Connection:
        """Make the tested candidate the one that people sign in by."""
        tenant = await self.tenants.find(connection.tenant_id)
        if tenant is None:
            raise no_such_connection()
        refuse_without_sign_on(tenant)
        now = self.clock.now()
        return there(
            await self.connections.change(connection.id, lambda known: known.activated(now))
        )


@dataclass(frozen=True, slots=True)
class UndoActivation:
    """Takes the last activation of a connection back."""

    connections: Connections
    clock: Clock

    async def __call__(self, connection: Connection) -> Connection:
        """Let people sign in by what was active before; every session that came by it ends."""
        now = self.clock.now()
        return there(await self.connections.change(connection.id, lambda known: known.undone(now)))


@dataclass(frozen=True, slots=True)
class SetDefaultClient:
    """Says where a sign-in leads that begins at the identity provider."""

    connections: Connections
    clients: Clients

    async def __call__(self, connection: Connection, client_id: str | None) -> Connection:
        """Let it lead to where this app begins a sign-in; None lets it lead nowhere."""
        if client_id is not None:
            client = await self.clients.find(client_id)
            if client is None or client.disabled:
                raise NotFoundError("client-unknown", "There is no such client that is enabled.")
            if client.settings.initiate_login_uri is None:
                raise InvalidError(
                    "initiate-login-uri-missing",
                    "The app has registered no address where it begins a sign-in "
                    "(`client create --initiate-login-uri`).",
                )
        return there(
            await self.connections.change(
                connection.id, lambda known: replace(known, default_client=client_id)
            )
        )


@dataclass(frozen=True, slots=True)
class SetOptions:
    """Says how a connection speaks; neither option lets anybody in who was not let in before."""

    connections: Connections

    async def __call__(
        self,
        connection: Connection,
        *,
        sign_requests: bool | None = None,
        single_logout: bool | None = None,
    ) -> Connection:
        """Change what is given, and leave the rest."""

        def decide(known: Connection) -> Connection:
            signs = known.sign_requests if sign_requests is None else sign_requests
            logs_out = known.single_logout if single_logout is None else single_logout
            return replace(known, sign_requests=signs, single_logout=logs_out)

        return there(await self.connections.change(connection.id, decide))


@dataclass(frozen=True, slots=True)
class SetDomains:
    """Says which of the tenant's domains a connection speaks for."""

    connections: Connections
    people: People

    async def __call__(self, connection: Connection, domains: Sequence[str]) -> Connection:
        """Let it speak for these alone; without any for all that no other speaks for.

        Raises:
            InvalidError: The tenant does not hold one of them.
            ConnectionInUseError: Another one that lets people in speaks for one of them.
        """
        held = await self.people.domains(connection.tenant_id)
        named = tuple(dict.fromkeys(_domain(each, held) for each in domains))
        if len(named) > MAX_DOMAINS:
            raise InvalidError("domains-too-many", f"At most {MAX_DOMAINS} domains.")
        return there(
            await self.connections.change(
                connection.id, lambda known: replace(known, domains=named)
            )
        )


@dataclass(frozen=True, slots=True)
class SetClaims:
    """Says by which attributes an identity provider names people."""

    connections: Connections

    async def __call__(
        self, connection: Connection, *, email: str | None, subject: str | None
    ) -> Connection:
        """Take the address and what never changes from these; None: from the usual ones.

        It has to be tested then: who signs in depends on it.
        """
        for claim in (email, subject):
            if claim is not None and not (0 < len(claim) <= MAX_CLAIM and claim.isprintable()):
                raise InvalidError(
                    "claim-invalid", f"A claim has a name of 1 to {MAX_CLAIM} characters."
                )

        def decide(known: Connection) -> Connection:
            if known.candidate is None:
                raise InvalidError("metadata-missing", "Set its metadata first.")
            return known.edited(replace(known.candidate, email_claim=email, subject_claim=subject))

        return there(await self.connections.change(connection.id, decide))


@dataclass(frozen=True, slots=True)
class SuspendConnection:
    """Lets nobody sign in by a connection any more."""

    connections: Connections

    async def __call__(self, connection: Connection) -> Connection:
        """Suspend it, and end every session that came by it."""
        return there(await self.connections.change(connection.id, lambda known: known.suspend()))


def _domain(text: str, held: frozenset[str]) -> str:
    """Return a domain of the tenant's as it is stored."""
    address = parse_address(f"x@{text.strip()}")
    if address is None or address.domain not in held:
        raise InvalidError(
            "domain-not-held",
            f"{text[:100]!r} is not a domain that the tenant has proved (`domain claim`).",
        )
    return address.domain


def no_such_connection() -> NotFoundError:
    """Return the error for an id that no connection has."""
    return NotFoundError("connection-unknown", "There is no such connection.")


def there(connection: Connection | None) -> Connection:
    """Return a connection that was changed, or raise NotFoundError."""
    if connection is None:
        raise no_such_connection()
    return connection
