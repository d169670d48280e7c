"""Why somebody can or cannot sign in, as far as this service can know before they try."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chassis.clock import Clock
from kernel.names import comparison_key
from kernel.tenant import Tenant
from sso.domain.address import Address, parse_address
from sso.domain.connection import Connection, State, Use
from sso.domain.login import User
from sso.usecases.ports import Connections, LogRow, People, Tenants
from sso.usecases.session_ports import LiveSessions, Selection, SignInLog, Whose
from sso.usecases.sessions import NEWEST

ATTEMPTS_SHOWN = 5
SESSIONS_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that sign-in depends on, and how it is."""

    about: str
    holds: bool
    says: str


@dataclass(slots=True)
class Explanation:
    """What was found, in the order in which sign-in asks for it."""

    address: str
    findings: list[Finding] = field(default_factory=list)
    attempts: Sequence[LogRow] = ()
    """The last of this user, the newest first."""

    @property
    def can_sign_in(self) -> bool:
        """Whether nothing stands in the way."""
        return all(each.holds for each in self.findings)

    def note(self, about: str, says: str, *, holds: bool = True) -> None:
        """Add a finding."""
        self.findings.append(Finding(about, holds, says))


@dataclass(frozen=True, slots=True)
class ExplainUser:
    """Tells why somebody can or cannot sign in."""

    people: People
    tenants: Tenants
    connections: Connections
    sessions: LiveSessions
    log: SignInLog
    clock: Clock

    async def __call__(self, email: str, tenant: Tenant | None = None) -> Explanation:
        """Look at everything that sign-in by this address goes through; changes nothing.

        Without a tenant, that of the address's domain is meant, as on the login page.
        """
        found = Explanation(email)
        address = parse_address(email)
        if address is None:
            found.note("address", "This is no e-mail address.", holds=False)
            return found
        tenant = await self._tenant(found, address, tenant)
        if tenant is None:
            return found
        _note_tenant(found, tenant)
        connection = await self._connection(found, tenant.tenant_id, address.domain)
        user = await self._user(found, tenant.tenant_id, address)
        if user is not None:
            if connection is not None:
                await self._binding(found, connection, user)
            await self._sessions(found, user)
            found.attempts = await self.log.read(
                user.tenant_id, before=NEWEST, limit=ATTEMPTS_SHOWN, user_id=user.id
            )
        return found

    async def _tenant(
        self, found: Explanation, address: Address, tenant: Tenant | None
    ) -> Tenant | None:
        holder = await self.people.tenant_of_domain(address.domain)
        if holder is None or (tenant is not None and tenant.tenant_id != holder):
            # Whose it is instead is nobody's business.
            whose = "this tenant does not hold it" if tenant else "no tenant holds it"
            found.note(
                "domain",
                f"{address.domain}: {whose}; nobody with this address is led to a connection. "
                "Verify the domain.",
                holds=False,
            )
            return tenant
        found.note("domain", f"{address.domain} is the tenant's own.")
        known = tenant or await self.tenants.find(holder)
        if known is None:
            found.note("tenant", "The directory has not told of the tenant yet.", holds=False)
        return known

    async def _connection(
        self, found: Explanation, tenant_id: UUID, domain: str
    ) -> Connection | None:
        active = await self.connections.find_routed(tenant_id, domain)
        if active is not None and active.provider_for(Use.SIGN_IN) is not None:
            found.note("connection", f"{active.name} is active ({active.id}).")
            return active
        others = await self.connections.list(tenant_id)
        states = ", ".join(f"{each.name} is {each.state.value}" for each in others)
        todo = "activate" if any(each.state is State.TESTED for each in others) else "test"
        says = f"{states}: {todo} it." if others else "The tenant has none: create one."
        found.note("connection", says, holds=False)
        return None

    async def _user(self, found: Explanation, tenant_id: UUID, address: Address) -> User | None:
        users = await self.people.with_address(tenant_id, comparison_key(address.text))
        if not users:
            found.note(
                "user",
                "No user has this user name or address: provision the person by SCIM, or see "
                "whether Entra knows them by another address.",
                holds=False,
            )
            return None
        if len(users) > 1:
            found.note(
                "user",
                "Two users have it: map externalId to objectId, so that one fits.",
                holds=False,
            )
            return None
        user = users[0]
        role = user.role or "no role, and without one nobody has access"
        state = "active" if user.active else "not active in the directory"
        found.note("user", f"{user.user_name} ({user.id}): {state}; {role}.", holds=user.active)
        return user

    async def _binding(self, found: Explanation, connection: Connection, user: User) -> None:
        bound = await self.people.bound_subjects(user.tenant_id, connection.id, user.id)
        if bound:
            says = f"Bound to {', '.join(bound)}; another object id with this address is refused."
        else:
            by = f"externalId {user.external_id}" if user.external_id else "the address"
            says = f"Not bound yet: the first sign-in is matched by {by}, and binds."
        found.note("binding", says)

    async def _sessions(self, found: Explanation, user: User) -> None:
        live = await self.sessions.list(
            Selection(Whose.USER, user.tenant_id, user.id),
            before=NEWEST,
            limit=SESSIONS_COUNTED,
            at=self.clock.now(),
        )
        many = f"{SESSIONS_COUNTED} or more" if len(live) == SESSIONS_COUNTED else str(len(live))
        found.note("sessions", f"{many} live")


def _note_tenant(found: Explanation, tenant: Tenant) -> None:
    says = f"{tenant.name} ({tenant.tenant_id}) is {tenant.status}."
    found.note("tenant", says, holds=tenant.is_active)
    with_it = "has" if tenant.has_single_sign_on else "has no"
    found.note(
        "package",
        f"{tenant.package} {with_it} single sign-on.",
        holds=tenant.has_single_sign_on,
    )
