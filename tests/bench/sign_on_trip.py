"""One sign-in, step by step, by hand: what a browser, an app and an identity provider send."""

import base64
import hashlib
import json
import secrets
import tempfile
import time
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import asyncpg
import httpx
from lxml import etree
from rich.console import Console

from chassis.ids import uuid7
from demo.domain_proof import prove_domain
from demo.stack import Stack, StackError, Tenant
from idp_sandbox.metadata import federation_metadata
from idp_sandbox.model import Application, EntraTenant, Person, object_id_of
from idp_sandbox.responses import Answer, response
from support.waiting import eventually

ENTRA_TENANT = "5b0f4f3e-8a35-4c0c-9a41-6f3d1a2b7c90"
APP = "https://app.test/callback"
KNOWN_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """A tenant whose connection is active, its people, and an app."""

    url: str
    tenant: Tenant
    entra: EntraTenant
    application: Application
    client_id: str
    secret: str
    people: list[Person]
    leavers: list[Person]
    scim_ids: dict[str, str]

    def at(self, url: str) -> "Place":
        """Return the same at another replica."""
        return replace(self, url=url)

    async def disable(self, http: httpx.AsyncClient, person: Person) -> None:
        """Let SCIM say that somebody is inactive."""
        body = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "Replace", "path": "active", "value": "False"}],
        }
        answer = await http.patch(
            f"{self.tenant.scim_url}/Users/{self.scim_ids[person.user_name]}",
            content=json.dumps(body),
            headers=_scim_headers(self.tenant),
        )
        answer.raise_for_status()


@dataclass(slots=True)
class Trip:
    """A sign-in on its way; each step needs the one before."""

    place: Place
    person: Person
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    cookie: str = ""
    request_id: str = ""
    relay_state: str = ""
    document: str = ""
    onward: str = ""
    code: str = ""
    access_token: str = ""

    async def authorize(self, http: httpx.AsyncClient) -> None:
        """Come from the app and see the login page."""
        answer = await http.get(f"{self.place.url}/oauth2/authorize", params=self._asked())
        _expect(answer, 200)

    async def leave(self, http: httpx.AsyncClient) -> None:
        """Give an address and be sent to the identity provider."""
        fields = self._asked() | {"email": self.person.user_name}
        answer = await http.post(f"{self.place.url}/login", data=fields)
        _expect(answer, 303)
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        sent = parse_qs(urlsplit(answer.headers["location"]).query)
        [self.relay_state] = sent["RelayState"]
        document = zlib.decompress(base64.b64decode(sent["SAMLRequest"][0]), -15)
        self.request_id = str(etree.fromstring(document).get("ID"))

    def answer(self) -> None:
        """Let the identity provider sign who it is."""
        place = self.place
        made = Answer(place.entra, place.application, self.person, self.request_id)
        self.document = response(made)

    async def post_response(self, http: httpx.AsyncClient) -> None:
        """Bring the answer to the ACS."""
        path = urlsplit(self.place.application.acs_url).path
        fields = {"SAMLResponse": self.document, "RelayState": self.relay_state}
        answer = await http.post(f"{self.place.url}{path}", data=fields)
        _expect(answer, 303)
        onward = urlsplit(answer.headers["location"])
        self.onward = f"{onward.path}?{onward.query}"

    async def go_on(self, http: httpx.AsyncClient) -> None:
        """Go on to the app, with a session and a code."""
        answer = await http.get(f"{self.place.url}{self.onward}", headers={"Cookie": self.cookie})
        _expect(answer, 303)
        self.code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    async def redeem(self, http: httpx.AsyncClient) -> None:
        """Let the app turn the code into tokens."""
        fields = {
            "grant_type": "authorization_code",
            "code": self.code,
            "redirect_uri": APP,
            "code_verifier": self.verifier,
        }
        known = (self.place.client_id, self.place.secret)
        answer = await http.post(f"{self.place.url}/oauth2/token", data=fields, auth=known)
        _expect(answer, 200)
        self.access_token = answer.json()["access_token"]

    async def ask_user(self, http: httpx.AsyncClient) -> None:
        """Let the app ask who it is."""
        _expect(await self.userinfo(http), 200)

    async def userinfo(self, http: httpx.AsyncClient) -> httpx.Response:
        """Return what the app is told of the user."""
        headers = {"Authorization": f"Bearer {self.access_token}"}
        return await http.get(f"{self.place.url}/oauth2/userinfo", headers=headers)

    def _asked(self) -> dict[str, str]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return {
            "client_id": self.place.client_id,
            "redirect_uri": APP,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "s",
            "nonce": "n",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }


def client(limits: httpx.Limits | None = None) -> httpx.AsyncClient:
    """Return a client that keeps no cookie: many browsers use it."""
    nothing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(
        timeout=30, limits=limits or httpx.Limits(), cookies=nothing, trust_env=False
    )


async def connected(stack: Stack, *, people: int, leavers: int) -> Place:
    """Make a tenant with a proved domain, people, an app and an active connection."""
    tenant = stack.make_tenant(f"sign-on-{uuid7().hex}")
    domain = await prove_domain(Console(quiet=True), stack, tenant)
    if domain is None:
        raise RuntimeError("the stack has no zone")
    entra = EntraTenant(ENTRA_TENANT, "http://localhost:9", _now)
    everybody = [
        Person(name, object_id_of(name), f"P {number}", name)
        for number in range(people + leavers)
        for name in [f"p{number}@{domain}"]
    ]
    scim_ids = await _provision(tenant, everybody)
    # Each user's state comes by a partition of its own: the last one may come before others.
    await eventually(
        lambda: _are_known(stack, tenant, len(everybody)), within=KNOWN_WITHIN, every=0.3
    )
    client = _sso(stack, "client", "create", f"bench-{uuid7().hex}", "--redirect-uri", APP)
    made = await eventually(lambda: _create(stack, tenant), within=KNOWN_WITHIN, every=0.3)
    application = entra.keep_application(
        "app", name="Portico", entity_id=made["entity_id"], acs_url=made["acs_url"]
    )
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        Path(file.name).write_bytes(federation_metadata(entra, application))
        _sso(stack, "connection", "set-metadata", str(made["id"]), file.name)
    place = Place(
        str(stack.service("sso")["url"]),
        tenant,
        entra,
        application,
        str(client["id"]),
        str(client["secret"]),
        everybody[:people],
        everybody[people:],
        scim_ids,
    )
    await eventually(
        lambda: _passes_test(stack, place, str(made["id"])), within=KNOWN_WITHIN, every=0.3
    )
    _sso(stack, "connection", "activate", str(made["id"]))
    return place


async def _provision(tenant: Tenant, everybody: list[Person]) -> dict[str, str]:
    scim_ids = {}
    headers = _scim_headers(tenant)
    async with httpx.AsyncClient(timeout=30, headers=headers, trust_env=False) as http:
        for person in everybody:
            user = {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                "userName": person.user_name,
                "externalId": person.object_id,
                "displayName": person.display_name,
                "active": True,
            }
            answer = await http.post(f"{tenant.scim_url}/Users", content=json.dumps(user))
            scim_ids[person.user_name] = str(answer.raise_for_status().json()["id"])
    return scim_ids


async def _are_known(stack: Stack, tenant: Tenant, count: int) -> bool:
    connection = await asyncpg.connect(str(stack.service("sso")["dsn"]), timeout=10)
    try:
        query = "SELECT count(*) FROM users WHERE tenant_id = $1"
        return bool(await connection.fetchval(query, UUID(tenant.tenant_id)) == count)
    finally:
        await connection.close()


async def _passes_test(stack: Stack, place: Place, connection: str) -> bool:
    """Sign somebody in for a test."""
    url = str(_sso(stack, "connection", "test", connection)["open"])
    request = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    trip = Trip(place, place.leavers[-1])
    document = zlib.decompress(base64.b64decode(request), -15)
    trip.request_id = str(etree.fromstring(document).get("ID"))
    trip.answer()
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        fields = {"SAMLResponse": trip.document}
        return (await http.post(place.application.acs_url, data=fields)).status_code == 200


def _create(stack: Stack, tenant: Tenant) -> dict[str, Any] | None:
    try:
        return _sso(stack, "connection", "create", "--tenant", tenant.tenant_id)
    except StackError:
        return None


def _sso(stack: Stack, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(stack.command("sso", *arguments, "--json"))
    return answer


def _scim_headers(tenant: Tenant) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {tenant.token}",
        "Content-Type": "application/scim+json",
    }


def _expect(answer: httpx.Response, status: int) -> None:
    if answer.status_code != status:
        raise RuntimeError(f"{answer.request.url.path}: {answer.status_code} {answer.text[:2_000]}")


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
