"""The sign-on service on a database of its own, a browser, an app, and an identity provider."""

import base64
import hashlib
import secrets
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import asyncpg
import httpx
from lxml import etree
from pydantic import SecretStr

from chassis.clock import Clock
from chassis.database import create_pool, transaction
from chassis.ids import uuid7
from chassis.outbox import OutboxSignal
from chassis.projection.tenants import save_tenant
from kernel.tenant import Tenant
from sso import keyrings, operations, wiring
from sso.domain.connection import Connection, Kind
from sso.domain.keys import Purpose, StoredKey
from sso.domain.login import User
from sso.settings import Settings
from sso.usecases.use_cases import SignOnUseCases, UseCases
from support.identity_provider import (
    CLAIMS,
    ENTRA_CLAIMS,
    Key,
    Response,
    key,
    metadata,
    posted,
    response_bytes,
)

ORIGIN = "https://login.portico.test"
APP = "https://app.test/callback"
IDP = "https://sts.windows.net/11111111-1111-1111-1111-111111111111/"
IDP_SSO = "https://login.microsoftonline.test/11111111/saml2"
ENTRA_TENANT = "11111111-1111-1111-1111-111111111111"


class TestClock:
    """A clock that a test moves."""

    __test__ = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead: Any = None

    def now(self) -> Any:
        now = self._clock.now()
        return now if self.ahead is None else now + self.ahead


@dataclass
class Browser:
    """A browser: it keeps cookies and follows nothing by itself."""

    http: httpx.AsyncClient

    async def get(self, url: str) -> httpx.Response:
        return await self.http.get(url)

    async def post(self, url: str, **fields: str) -> httpx.Response:
        return await self.http.post(url, data=fields)


@dataclass
class App:
    """A confidential client that uses PKCE."""

    client_id: str
    secret: str
    redirect_uri: str = APP
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def request(self, **changes: str) -> dict[str, str]:
        """Return the parameters of an authorization request."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "xyz",
            "nonce": "n-1",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | changes).items() if value}

    async def redeem(self, http: httpx.AsyncClient, code: str, **changes: str) -> httpx.Response:
        """Ask for tokens."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        fields |= changes
        if not self.secret:
            return await http.post(
                f"{ORIGIN}/oauth2/token", data=fields | {"client_id": self.client_id}
            )
        return await http.post(
            f"{ORIGIN}/oauth2/token", data=fields, auth=(self.client_id, self.secret)
        )


@dataclass
class SignOn:
    """The service and a tenant with an active connection."""

    pool: asyncpg.Pool
    use_cases: UseCases
    sign_on: SignOnUseCases
    clock: TestClock
    application: Any
    tenant: Tenant
    connection: Connection
    app: App
    settings: Settings
    keys: keyrings.Keyrings
    relay_states: dict[str, str] = field(default_factory=dict)
    """By the id of the AuthnRequest that each left with."""

    def make_key(self, purpose: Purpose, now: datetime, active_from: datetime) -> StoredKey:
        """Make a key as the worker does."""
        return keyrings.make_key(self.settings, purpose, now, active_from)

    async def open_keyrings(self, encryption_keys: str) -> keyrings.Keyrings:
        """Open the keys as a process with other settings does."""
        settings = self.settings.model_copy(update={"encryption_keys": SecretStr(encryption_keys)})
        return await keyrings.open_keyrings(settings, self.pool, self.clock)

    def browser(self) -> Browser:
        """Return a browser that has never been here."""
        return Browser(self.client())

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.application)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN)

    async def add_user(self, user_name: str, **changes: Any) -> User:
        """Let the directory tell of a user."""
        values: dict[str, Any] = {
            "tenant_id": self.tenant.tenant_id,
            "id": uuid7(),
            "user_name": user_name,
            "external_id": None,
            "email": None,
            "display_name": user_name,
            "given_name": None,
            "family_name": None,
            "role": "member",
            "active": True,
        }
        user = User(**(values | changes))
        async with transaction(self.pool) as connection:
            await wiring.event_use_cases(connection, self.clock).keep_user(user)
        return user

    async def state_of(self, user: User, **changes: Any) -> None:
        """Let the directory tell of a change of a user."""
        async with transaction(self.pool) as connection:
            await wiring.event_use_cases(connection, self.clock).keep_user(replace(user, **changes))

    async def log(self) -> list[tuple[str, str | None]]:
        """Return outcome and rule of each row of the sign-in log."""
        rows = await self.pool.fetch("SELECT outcome, matched_by FROM sign_in_log ORDER BY id")
        return [(row["outcome"], row["matched_by"]) for row in rows]

    def response(self, request_id: str | None, email: str | None, **changes: Any) -> Response:
        """Return what Entra answers."""
        object_id = changes.pop("object_id", None)
        attributes: dict[str, list[str]] = {}
        if email is not None:
            attributes[f"{CLAIMS}/emailaddress"] = [email]
        if object_id is not None:
            attributes[f"{ENTRA_CLAIMS}/tenantid"] = [ENTRA_TENANT]
            attributes[f"{ENTRA_CLAIMS}/objectidentifier"] = [object_id]
        values: dict[str, Any] = {
            "request_id": request_id,
            "acs_url": f"{ORIGIN}/saml/{self.connection.id}/acs",
            "audience": f"{ORIGIN}/saml/{self.connection.id}/metadata",
            "now": self.clock.now(),
            "issuer": IDP,
            "attributes": attributes,
            "assertion_id": f"_{uuid7()}",
            "response_id": f"_{uuid7()}",
        }
        return Response(**(values | changes))

    async def leave(self, browser: Browser, email: str) -> str:
        """Begin a login and return the id of the AuthnRequest that it sent."""
        left = await browser.post("/login", email=email, **self.app.request())
        assert left.status_code == 303, left.text
        request_id = request_id_of(left.headers["location"])
        [self.relay_states[request_id]] = parse_qs(urlsplit(left.headers["location"]).query)[
            "RelayState"
        ]
        return request_id

    async def answer(
        self, browser: Browser, response: Response, by: Key | None = None, **how: Any
    ) -> httpx.Response:
        """Post a response to the ACS, as another site's form does: without any cookie."""
        document = response_bytes(response, by, **how)
        relay_state = self.relay_states.get(response.request_id or "", "")
        return await self.post_document(document, relay_state)

    async def post_document(self, document: bytes, relay_state: str = "") -> httpx.Response:
        """Post a document to the ACS."""
        async with self.client() as http:
            fields = {"SAMLResponse": posted(document), "RelayState": relay_state}
            return await http.post(f"/saml/{self.connection.id}/acs", data=fields)

    async def sign_in(self, browser: Browser, email: str, **changes: Any) -> str:
        """Sign somebody in and return the code that the app gets."""
        request_id = await self.leave(browser, email)
        answered = await self.answer(browser, self.response(request_id, email, **changes))
        assert answered.status_code == 303, answered.text
        landed = await browser.get(answered.headers["location"])
        assert landed.status_code == 303, landed.text
        return code_of(landed)


def request_id_of(url: str) -> str:
    """Return the id of the AuthnRequest in an address."""
    request = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    document = zlib.decompress(base64.b64decode(request), -15)
    return str(etree.fromstring(document).get("ID"))


def code_of(landed: httpx.Response) -> str:
    """Return the code with which a browser comes back to the app."""
    location = landed.headers["location"]
    assert location.startswith(f"{APP}?"), location
    answer = dict(parse_qsl(urlsplit(location).query))
    assert answer["state"] == "xyz"
    assert answer["iss"] == ORIGIN
    return answer["code"]


@asynccontextmanager
async def open_sign_on(
    dsn: str, clock: TestClock, domain: str = "corp.example"
) -> AsyncIterator[SignOn]:
    """Put the service on a database, with one tenant whose connection is active."""
    settings = Settings.model_validate(
        {
            "environment": "test",
            "database_url": dsn,
            "kafka_bootstrap_servers": "127.0.0.1:9",
            "public_url": ORIGIN,
            "metadata_loopback": True,
        }
    )
    pool = await create_pool(dsn, size=6)
    try:
        tenant = await add_tenant(pool, clock, domain)
        signal = OutboxSignal()
        cases = operations.use_cases(settings, pool, signal, clock)
        keys = await keyrings.open_keyrings(settings, pool, clock)
        application = wiring.application(settings, pool, signal, keys, clock)
        created = await cases.create_client("app", "App", [APP], public=False)
        connection = await cases.create_connection(tenant, "Entra", Kind.ENTRA)
        connection = await cases.set_metadata(connection, metadata(IDP, IDP_SSO, key()))
        sign_on = wiring.sign_on_use_cases(settings, pool, signal, keys, clock)
        app = App("app", str(created.secret))
        made = SignOn(
            pool,
            cases,
            sign_on,
            clock,
            application,
            tenant,
            connection,
            app,
            settings,
            keys,
        )
        await pass_test(made)
        made.connection = await cases.activate_connection(made.connection)
        yield made
    finally:
        await pool.close()


async def add_tenant(pool: asyncpg.Pool, clock: Clock, domain: str, **changes: str) -> Tenant:
    """Let the directory and the domain verifier tell of a tenant and its domain."""
    said = {"name": f"t{uuid7().hex}", "package": "business", "status": "active"} | changes
    tenant = Tenant(uuid7(), said["name"], said["package"], said["status"])
    async with transaction(pool) as connection:
        await save_tenant(connection, tenant, 1)
        await wiring.event_use_cases(connection, clock).keep_domain(tenant.tenant_id, domain)
    return tenant


async def pass_test(
    made: SignOn, email: str = "tester@corp.example", by: Key | None = None
) -> None:
    """Sign in once by the connection's candidate."""
    user = await made.add_user(email)
    url = await made.use_cases.test_connection(made.connection)
    response = made.response(request_id_of(url), user.user_name)
    answered = await made.answer(made.browser(), response, by)
    assert answered.status_code == 200, answered.text
    assert email in answered.text
