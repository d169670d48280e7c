"""Leaving for the identity provider: which one, with which request."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from chassis.clock import Clock
from chassis.ids import uuid7
from sso.domain.address import parse_address
from sso.domain.connection import Connection, IdentityProvider, Use
from sso.domain.login import LOGIN_LIFETIME, AuthorizationRequest, PendingLogin
from sso.domain.refusals import Code, Refused
from sso.usecases.addresses import Addresses
from sso.usecases.connections import no_such_connection
from sso.usecases.entitlement import may_sign_on
from sso.usecases.ports import Connections, Logins
from sso.usecases.secrets import digest_of, new_secret

MakeRequest = Callable[..., tuple[str, Mapping[str, str]]]
"""Makes where a browser goes with an AuthnRequest, and the fields that it posts there, if any."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where a browser goes next, and the secret it must keep to come back."""

    url: str
    browser_secret: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """What it posts there; empty: it just goes."""


@dataclass(frozen=True, slots=True)
class BeginLogin:
    """Finds the connection of somebody's mail domain and sends the browser to it."""

    connections: Connections
    logins: Logins
    addresses: Addresses
    make_request: MakeRequest
    clock: Clock

    async def __call__(
        self, email: str, request: AuthorizationRequest, browser_secret: str = ""
    ) -> Leaving | None:
        """Return where to go; None if the domain of the address leads nowhere.

        A browser keeps the secret that it has: several logins at once are one browser's.
        """
        address = parse_address(email)
        route = await self.connections.find_route(address.domain) if address else None
        if address is None or route is None or not may_sign_on(route.tenant):
            return None
        connection = route.connection
        provider = connection.provider_for(Use.SIGN_IN)
        if provider is None:
            return None
        browser_secret = browser_secret or new_secret()
        typed = replace(request, login_hint=address.text)
        login = new_login(connection, Use.SIGN_IN, self.clock.now(), browser_secret, typed)
        await self.logins.begin(login, self.clock.now())
        url, fields = _leave(
            self, connection, provider, login, login_hint=address.text, force=request.asks_anew
        )
        return Leaving(url, browser_secret, fields)


@dataclass(frozen=True, slots=True)
class BeginTest:
    """Makes the address that tests a connection's candidate by a real sign-in."""

    connections: Connections
    logins: Logins
    addresses: Addresses
    make_request: MakeRequest
    clock: Clock

    async def __call__(self, connection: Connection) -> str:
        """Return the address to open in a browser, good for ten minutes."""
        provider = connection.provider_for(Use.TEST)
        if provider is None:
            raise no_such_connection()
        login = new_login(connection, Use.TEST, self.clock.now())
        await self.logins.begin(login, self.clock.now())
        if provider.takes_post or connection.sign_requests:
            # Posting needs a page, and signing a key: who serves has both.
            return self.addresses.test(connection.id, login.id)
        return _leave(self, connection, provider, login, force=True)[0]


@dataclass(frozen=True, slots=True)
class LeaveForTest:
    """Sends the browser of somebody who tests a connection to the identity provider."""

    connections: Connections
    logins: Logins
    addresses: Addresses
    make_request: MakeRequest
    clock: Clock

    async def __call__(self, connection_id: UUID, login_id: UUID) -> Leaving:
        """Return where to go, or raise Refused: the address is good for ten minutes, once."""
        connection = await self.connections.find(connection_id)
        if connection is None:
            raise no_such_connection()
        login = await self.logins.find_test(connection.tenant_id, connection.id, login_id)
        provider = connection.provider_for(Use.TEST)
        if login is None or provider is None or login.expires_at <= self.clock.now():
            raise Refused(Code.LOGIN_EXPIRED)
        url, fields = _leave(self, connection, provider, login, force=True)
        return Leaving(url, "", fields)


def new_login(
    connection: Connection,
    use: Use,
    now: datetime,
    browser_secret: str | None = None,
    request: AuthorizationRequest | None = None,
) -> PendingLogin:
    """Return a login that begins now."""
    return PendingLogin(
        tenant_id=connection.tenant_id,
        id=uuid7(),
        connection_id=connection.id,
        use=use,
        # Entra refuses an id that begins with a digit.
        request_id=f"id-{secrets.token_hex(20)}",
        expires_at=now + LOGIN_LIFETIME,
        browser_digest=digest_of(browser_secret) if browser_secret else None,
        request=request,
    )


def _leave(
    by: BeginLogin | BeginTest | LeaveForTest,
    connection: Connection,
    provider: IdentityProvider,
    login: PendingLogin,
    *,
    login_hint: str | None = None,
    force: bool = False,
) -> tuple[str, Mapping[str, str]]:
    return by.make_request(
        provider,
        request_id=login.request_id,
        entity_id=by.addresses.entity_id(connection.id),
        acs_url=by.addresses.acs(connection.id),
        relay_state=str(login.id),
        now=by.clock.now(),
        login_hint=login_hint,
        force=force,
        sign=connection.sign_requests,
    )
