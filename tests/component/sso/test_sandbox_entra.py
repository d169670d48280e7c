"""What the sandbox's Entra answers is what sign-on takes, in all the forms that admins choose."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import html

from component.sso.harness import ORIGIN, Browser, SignOn
from idp_sandbox import state
from idp_sandbox.__main__ import TENANT_ID, idp_app
from idp_sandbox.model import EntraTenant, Person, Signing, object_id_of

ENTRA = "http://localhost:8085"
APP_ID = "portico"
ANN = Person("ann@corp.example", object_id_of("ann"), "Ann", "ann@corp.example", given_name="Ann")
GUEST = Person("eve_partner.example#EXT#@corp.example", object_id_of("eve"), "Eve", guest=True)


@dataclass
class Entra:
    """The sandbox, without a network."""

    tenant: EntraTenant
    http: httpx.AsyncClient

    def configure(self, sso: SignOn, **changes: Any) -> None:
        """Set single sign-on up as an admin does."""
        own = f"{ORIGIN}/saml/{sso.connection.id}"
        said: dict[str, Any] = {"entity_id": f"{own}/metadata", "acs_url": f"{own}/acs"}
        said["logout_url"] = f"{own}/slo"
        self.tenant.keep_application(APP_ID, **{"name": "Portico"} | said | changes)

    async def answer(self, url: str, person: Person) -> tuple[str, dict[str, str]]:
        """Come with a request and be somebody; return the form that goes back."""
        self.http.cookies.clear()
        picking = _form(await self.http.get(url))
        fields = dict(picking.form_values()) | {"person": person.user_name}
        answered = await self.http.post(urljoin(ENTRA, picking.action), data=fields)
        form = _form(answered)
        return str(form.action), dict(form.form_values())


def _form(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return html.document_fromstring(answer.text).forms[0]


@pytest.fixture
async def entra(sso: SignOn) -> Entra:
    """Put a tenant of the sandbox behind the connection."""
    tenant = EntraTenant(TENANT_ID, ENTRA, sso.clock.now)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=idp_app(tenant)), base_url=ENTRA)
    made = Entra(tenant, http)
    made.configure(sso)
    tenant.keep_person(replace(ANN, user_name="bob@corp.example", email=None))
    for person in (ANN, GUEST):
        tenant.keep_person(person)
        await sso.add_user(person.user_name, external_id=person.object_id)
    metadata = await http.get(tenant.metadata_url(APP_ID))
    assert metadata.content.startswith(b"\xef\xbb\xbf")
    sso.connection = await sso.use_cases.set_metadata(sso.connection, metadata.content)
    tested = await sign_in(sso, made, ANN, await sso.use_cases.test_connection(sso.connection))
    assert "The test has passed" in tested.text, tested.text
    sso.connection = await sso.use_cases.activate_connection(sso.connection)
    return made


async def sign_in(sso: SignOn, entra: Entra, person: Person, url: str = "") -> httpx.Response:
    """Go the whole way and return what the ACS answers."""
    if not url:
        left = await sso.browser().post("/login", email=ANN.user_name, **sso.app.request())
        url = left.headers["location"]
    address, fields = await entra.answer(url, person)
    async with sso.client() as http:
        return await http.post(address, data=fields)


@pytest.mark.parametrize("encrypt", [False, True])
@pytest.mark.parametrize("signing", Signing)
async def test_every_signing_option_is_taken_plain_and_encrypted(
    sso: SignOn, entra: Entra, signing: Signing, encrypt: bool
) -> None:
    ours = x509.load_der_x509_certificate(sso.keys.certificates()[0]).public_bytes(Encoding.PEM)
    entra.configure(sso, signing=signing, encryption_certificate=ours if encrypt else None)
    assert (await sign_in(sso, entra, ANN)).status_code == 303


async def test_a_guest_without_a_mailbox_gets_in_by_the_object_id(
    sso: SignOn, entra: Entra
) -> None:
    assert (await sign_in(sso, entra, GUEST)).status_code == 303
    assert (await sso.log())[-1] == ("signed_in", "object_id")


async def test_the_next_certificate_signs_without_a_change_here(sso: SignOn, entra: Entra) -> None:
    before = entra.tenant.applications[APP_ID].keys[0]
    assert entra.tenant.activate_certificate(APP_ID) != before
    assert (await sign_in(sso, entra, ANN)).status_code == 303


async def test_a_certificate_that_metadata_did_not_have_is_refused(
    sso: SignOn, entra: Entra
) -> None:
    entra.tenant.add_certificate(APP_ID)
    entra.tenant.activate_certificate(APP_ID)
    assert (await sign_in(sso, entra, ANN)).status_code == 403


@pytest.mark.parametrize(
    ("number", "changes", "asked"),
    [
        (700016, {"entity_id": "https://other.example"}, {}),
        (50011, {"acs_url": "https://other.example/acs"}, {}),
        (750054, {}, {"SAMLRequest": None}),
        (75005, {}, {"SAMLRequest": "bm8gWE1M"}),
    ],
)
async def test_what_is_wrong_with_a_request_is_said_by_entras_number(
    sso: SignOn, entra: Entra, number: int, changes: dict[str, Any], asked: dict[str, Any]
) -> None:
    left = await sso.browser().post("/login", email=ANN.user_name, **sso.app.request())
    url = httpx.URL(left.headers["location"])
    entra.configure(sso, **changes)
    query = {name: value for name, value in (dict(url.params) | asked).items() if value}
    answer = await entra.http.get(f"{url.copy_with(query=None)}?{urlencode(query)}")
    assert answer.status_code == 400
    assert f"AADSTS{number}:" in answer.text


async def test_who_is_disabled_or_not_assigned_stays_at_entra(sso: SignOn, entra: Entra) -> None:
    entra.http.cookies.clear()
    left = await sso.browser().post("/login", email=ANN.user_name, **sso.app.request())
    picking = _form(await entra.http.get(left.headers["location"]))
    fields = dict(picking.form_values()) | {"person": ANN.user_name}

    async def refusal() -> str:
        return (await entra.http.post(urljoin(ENTRA, picking.action), data=fields)).text

    entra.configure(sso, assigned=frozenset({GUEST.user_name}))
    assert "AADSTS50105" in await refusal()
    entra.configure(sso)
    entra.tenant.keep_person(replace(ANN, enabled=False))
    assert "AADSTS50034" in await refusal()


async def test_a_browser_that_is_known_is_answered_at_once_unless_force_is_asked(
    sso: SignOn, entra: Entra
) -> None:
    await sign_in(sso, entra, ANN)
    left = await sso.browser().post("/login", email=ANN.user_name, **sso.app.request())
    url = left.headers["location"]
    assert "SAMLResponse" in dict(_form(await entra.http.get(url)).form_values())
    another = url.replace("login_hint=ann", "login_hint=bob")
    forced = await sso.use_cases.test_connection(sso.connection)
    for each in (another, forced):
        assert "SAMLResponse" not in dict(_form(await entra.http.get(each)).form_values())


async def test_a_restart_keeps_people_applications_and_certificates(
    sso: SignOn, entra: Entra, tmp_path: Path
) -> None:
    ours = x509.load_der_x509_certificate(sso.keys.certificates()[0]).public_bytes(Encoding.PEM)
    file = tmp_path / "entra.json"
    transport = httpx.ASGITransport(app=idp_app(entra.tenant, file))
    async with httpx.AsyncClient(transport=transport, base_url=ENTRA) as control:
        await control.put("/control/people/new%23one@corp.example", json={"guest": True})
        answer = await control.put(
            f"/control/applications/{APP_ID}",
            json={
                "entity_id": "urn:e",
                "acs_url": "https://app.test/acs",
                "assigned": ["a@b"],
                "signing": "both",
                "encryption_certificate": ours.decode(),
            },
        )
    assert answer.status_code == 200, answer.text
    assert file.stat().st_mode & 0o077 == 0
    again = EntraTenant(TENANT_ID, ENTRA, sso.clock.now)
    state.load(again, file)
    assert again.people == entra.tenant.people
    assert "new#one@corp.example" in again.people
    kept, was = again.applications[APP_ID], entra.tenant.applications[APP_ID]
    assert [key.fingerprint for key in kept.keys] == [key.fingerprint for key in was.keys]
    assert replace(kept, keys=[]) == replace(was, keys=[])


@pytest.mark.parametrize("body", [b"no json", b"[]", b"{}", b'{"entity_id": 1, "acs_url": "x"}'])
async def test_the_control_api_says_what_it_did_not_understand(entra: Entra, body: bytes) -> None:
    answer = await entra.http.put(f"/control/applications/{APP_ID}", content=body)
    assert answer.status_code == 422
    assert answer.json()["error"]


async def signed_in(sso: SignOn, entra: Entra) -> Browser:
    """Sign Ann in, and return her browser."""
    browser = sso.browser()
    left = await browser.post("/login", email=ANN.user_name, **sso.app.request())
    action, fields = await entra.answer(left.headers["location"], ANN)
    async with sso.client() as http:
        answered = await http.post(action, data=fields)
    await browser.get(answered.headers["location"])
    assert await knows(sso, browser)
    return browser


async def knows(sso: SignOn, browser: Browser) -> bool:
    """Tell whether a browser is signed in."""
    asked = sso.app.request(prompt="none")
    answer = await browser.http.get("/oauth2/authorize", params=asked)
    return "code=" in answer.headers["location"]


async def test_who_signs_out_at_entra_is_signed_out(sso: SignOn, entra: Entra) -> None:
    browser = await signed_in(sso, entra)
    page = await entra.http.get(f"/{TENANT_ID}/logout")
    [frame] = html.document_fromstring(page.text).xpath("//iframe/@src")
    async with sso.client() as http:
        told = await http.get(str(frame))
    assert told.status_code == 303, told.text
    assert (await entra.http.get(told.headers["location"])).status_code == 200
    assert not await knows(sso, browser)


async def test_who_signs_out_here_is_signed_out_at_entra(sso: SignOn, entra: Entra) -> None:
    sso.connection = await sso.use_cases.set_options(sso.connection, single_logout=True)
    browser = await signed_in(sso, entra)
    asked = await browser.http.get("/oauth2/logout")
    proof = dict(html.document_fromstring(asked.text).forms[0].form_values())
    left = await browser.post("/oauth2/logout/confirm", **proof)
    back = await entra.http.get(left.headers["location"])
    assert back.status_code == 302, back.text
    done = await browser.get(back.headers["location"])
    assert (done.status_code, "You are signed out here" in done.text) == (200, True)
    assert "Nobody is signed in here" in (await entra.http.get("/")).text
    assert not await knows(sso, browser)
