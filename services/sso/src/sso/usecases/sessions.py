"""Which sessions there are, and their end by an operator's hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.clock import Clock
from kernel.errors import ConflictError, InvalidError, NotFoundError
from kernel.names import comparison_key, parse_id_leniently
from sso.domain.ending import Reason
from sso.domain.login import User
from sso.usecases.connections import GetConnection
from sso.usecases.ports import Clients, People
from sso.usecases.session_ports import LiveSession, LiveSessions, Selection, Whose
from sso.usecases.tenants import FindTenant

NEWEST = UUID(int=(1 << 128) - 1)
"""An id above all others: a list from its beginning."""


@dataclass(frozen=True, slots=True)
class FindPerson:
    """Finds the user of a tenant that an operator means."""

    people: People

    async def __call__(self, tenant_id: UUID, address_or_id: str) -> User:
        """Return the user with this id, user name or address.

        Raises:
            NotFoundError: No user of the tenant has it.
            ConflictError: Two have.
        """
        user_id = parse_id_leniently(address_or_id)
        if user_id is not None:
            user = await self.people.find(tenant_id, user_id)
            found: Sequence[User] = [user] if user is not None else []
        else:
            key = comparison_key(address_or_id.strip())
            found = await self.people.with_address(tenant_id, key)
        if not found:
            raise NotFoundError("user-unknown", "sso knows no such user of this tenant.")
        if len(found) > 1:
            raise ConflictError("user-ambiguous", "Two users have this address: give the id.")
        return found[0]


@dataclass(frozen=True, slots=True)
class SelectSessions:
    """Understands which sessions an operator means."""

    find_tenant: FindTenant
    find_person: FindPerson
    get_connection: GetConnection
    clients: Clients

    async def __call__(
        self,
        *,
        tenant: str | None = None,
        user: str | None = None,
        session: str | None = None,
        connection: str | None = None,
        client: str | None = None,
    ) -> Selection:
        """Return the selection; by one thing, and a user or a session within its tenant."""
        named = [each for each in (user, session, connection, client) if each is not None]
        if len(named) > 1 or (tenant is None and not named):
            raise InvalidError(
                "selection-unclear",
                "Name a tenant, or exactly one of user, session, connection and client.",
            )
        if client is not None:
            return await self._of_client(client, tenant)
        if connection is not None:
            return await self._of_connection(connection, tenant)
        if tenant is None:
            raise InvalidError("tenant-missing", "Say which tenant's user or session it is.")
        tenant_id = (await self.find_tenant(tenant)).tenant_id
        if user is not None:
            found = await self.find_person(tenant_id, user)
            return Selection(Whose.USER, tenant_id, found.id)
        if session is not None:
            return Selection(Whose.SESSION, tenant_id, _session_id(session))
        return Selection(Whose.TENANT, tenant_id)

    async def _of_client(self, client: str, tenant: str | None) -> Selection:
        if tenant is not None:
            raise InvalidError("selection-unclear", "An app is of no tenant: leave the tenant out.")
        if await self.clients.find(client) is None:
            raise NotFoundError("client-unknown", "There is no such client.")
        return Selection(Whose.CLIENT, None, client)

    async def _of_connection(self, connection: str, tenant: str | None) -> Selection:
        found = await self.get_connection(connection)
        if tenant is not None and (await self.find_tenant(tenant)).tenant_id != found.tenant_id:
            raise NotFoundError("connection-unknown", "The tenant has no such connection.")
        return Selection(Whose.CONNECTION, found.tenant_id, found.id)


@dataclass(frozen=True, slots=True)
class ListSessions:
    """Lists sessions that are not over."""

    sessions: LiveSessions
    clock: Clock

    async def __call__(
        self, selection: Selection, *, before: str | None = None, limit: int
    ) -> Sequence[LiveSession]:
        """Return so many at most, the newest first, from before the session of an id."""
        first = _session_id(before) if before is not None else NEWEST
        return await self.sessions.list(selection, before=first, limit=limit, at=self.clock.now())


@dataclass(frozen=True, slots=True)
class RevokeSessions:
    """Ends sessions because an operator says so."""

    sessions: LiveSessions
    clock: Clock

    async def __call__(self, selection: Selection) -> int:
        """End them, with codes and logins on their way; return how many that were."""
        return await self.sessions.end(selection, Reason.REVOKED, self.clock.now())


def _session_id(text: str) -> UUID:
    found = parse_id_leniently(text)
    if found is None:
        raise InvalidError("session-id-invalid", "A session's id is a UUID, the sid of its tokens.")
    return found
