"""Signing out at the request of an app, by the names of the conformance suite's tests.

After each, a silent login proves whether the session is gone.
"""

import html
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from component.sso.harness import APP, ORIGIN, App, Browser, SignOn
from contracts.sso import SsoSessionRevoked
from sso.domain.client import ClientSettings
from sso.domain.keys import LEAD, Purpose
from sso.domain.login import User

BACK = "https://app.test/signed-out"
ADDRESS = f"{ORIGIN}/oauth2/logout"


@dataclass
class SignedIn:
    """Somebody who is signed in to an app by a browser."""

    sso: SignOn
    user: User
    browser: Browser
    tokens: dict[str, str]

    @property
    def hint(self) -> str:
        return self.tokens["id_token"]

    async def get(self, **parameters: str) -> httpx.Response:
        """Go to the endpoint, as an app's link does."""
        return await self.browser.http.get("/oauth2/logout", params=parameters)

    async def still_in(self) -> bool:
        """Tell by a silent login whether the browser is signed in."""
        asked = self.sso.app.request(prompt="none")
        answer = await self.browser.http.get("/oauth2/authorize", params=asked)
        return "code=" in answer.headers["location"]


async def sign_in(sso: SignOn, name: str = "ann", browser: Browser | None = None) -> SignedIn:
    user = await sso.add_user(f"{name}@corp.example")
    browser = browser or sso.browser()
    code = await sso.sign_in(browser, user.user_name)
    async with sso.client() as http:
        tokens = (await sso.app.redeem(http, code)).json()
    return SignedIn(sso, user, browser, tokens)


@pytest.fixture
async def ann(sso: SignOn) -> SignedIn:
    settings = ClientSettings(post_logout_redirect_uris=(BACK, f"{BACK}?from=portico"))
    made = await sso.use_cases.create_client("shop", "Shop", [APP], public=False, settings=settings)
    sso.app = App("shop", str(made.secret))
    return await sign_in(sso)


def form_of(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: html.unescape(value) for name, value in found}


def asks(page: httpx.Response) -> bool:
    """Tell whether a page asks whether to sign out."""
    return page.status_code in (200, 400) and "<h1>Sign out?</h1>" in page.text


def sent_to(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    assert answer.status_code == 303, answer.text
    uri, _, query = answer.headers["location"].partition("?")
    return uri, dict(parse_qsl(query))


async def reasons(sso: SignOn) -> list[str]:
    rows = await sso.pool.fetch("SELECT data FROM outbox WHERE type = 'sso.session.revoked.v1'")
    return [SsoSessionRevoked.model_validate_json(row["data"]).reason for row in rows]


async def test_oidcc_discovery_end_session_endpoint(sso: SignOn) -> None:
    async with sso.client() as http:
        said = (await http.get("/.well-known/openid-configuration")).json()
    assert said["end_session_endpoint"] == ADDRESS


async def test_oidcc_rp_initiated_logout(ann: SignedIn) -> None:
    done = await ann.get(id_token_hint=ann.hint, post_logout_redirect_uri=BACK, state="s 1&2")
    assert sent_to(done) == (BACK, {"state": "s 1&2"})
    assert not await ann.still_in()
    assert await reasons(ann.sso) == ["logout"]
    cookies = done.headers.get_list("set-cookie")
    assert [("__Host-portico-session=" in each, "Max-Age=0" in each) for each in cookies] == [
        (True, True)
    ]
    again = await ann.get(id_token_hint=ann.hint, post_logout_redirect_uri=BACK, state="x")
    assert sent_to(again) == (BACK, {"state": "x"})
    async with ann.sso.client() as http:
        bearer = {"Authorization": f"Bearer {ann.tokens['access_token']}"}
        assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 401


async def test_oidcc_rp_initiated_logout_no_state(ann: SignedIn) -> None:
    done = await ann.get(id_token_hint=ann.hint, post_logout_redirect_uri=BACK)
    assert sent_to(done) == (BACK, {})
    assert not await ann.still_in()


async def test_a_registered_address_with_a_query_keeps_it(ann: SignedIn) -> None:
    uri = f"{BACK}?from=portico"
    done = await ann.get(id_token_hint=ann.hint, post_logout_redirect_uri=uri, state="s")
    assert sent_to(done) == (BACK, {"from": "portico", "state": "s"})


async def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(ann: SignedIn) -> None:
    done = await ann.get(id_token_hint=ann.hint, state="s")
    assert (done.status_code, "signed out" in done.text) == (200, True)
    assert not await ann.still_in()


async def test_oidcc_rp_initiated_logout_by_post(ann: SignedIn) -> None:
    """With the form of another site comes no cookie, so the browser comes again by GET."""
    fields = {"id_token_hint": ann.hint, "post_logout_redirect_uri": BACK, "state": "s"}
    async with ann.sso.client() as http:
        posted = await http.post("/oauth2/logout", data=fields)
    uri, query = sent_to(posted)
    assert (uri, query) == (ADDRESS, fields)
    done = await ann.browser.get(posted.headers["location"])
    assert sent_to(done) == (BACK, {"state": "s"})
    assert not await ann.still_in()


async def test_a_post_of_the_same_site_is_answered_at_once(ann: SignedIn) -> None:
    done = await ann.browser.post(
        "/oauth2/logout", id_token_hint=ann.hint, post_logout_redirect_uri=BACK, state="s"
    )
    assert sent_to(done) == (BACK, {"state": "s"})
    assert not await ann.still_in()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"state": "s"},
        {"post_logout_redirect_uri": BACK, "state": "s"},
        {"post_logout_redirect_uri": BACK, "client_id": "shop", "state": "s"},
        {"id_token_hint": "x", "post_logout_redirect_uri": BACK, "state": "s"},
    ],
    ids=["no_params", "only_state", "no_id_token_hint", "client_id", "bad_id_token_hint"],
)
async def test_oidcc_rp_initiated_logout_without_a_hint(
    ann: SignedIn, given: dict[str, str]
) -> None:
    page = await ann.get(**given)
    assert asks(page)
    assert ann.user.user_name in page.text
    assert await ann.still_in(), "nobody is signed out before they said so"
    done = await ann.browser.post("/oauth2/logout/confirm", **form_of(page))
    assert not await ann.still_in()
    if "client_id" in given:
        assert sent_to(done) == (BACK, {"state": "s"})
    else:
        assert (done.status_code, "signed out" in done.text) == (200, True)


def tampered(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def signed_otherwise(ann: SignedIn, **how: Any) -> str:
    key = ann.sso.keys.tokens()[0]
    read = jwt.decode(ann.hint, key, algorithms=["RS256"])
    claims = {**read.claims, **how.get("claims", {})}
    header = {**read.header, **how.get("header", {})}
    return jwt.encode(header, claims, how.get("key", key), algorithms=["RS256"])


@pytest.mark.parametrize(
    "hint",
    [
        lambda ann: tampered(ann.hint),
        lambda ann: ann.tokens["access_token"],
        lambda ann: signed_otherwise(ann, key=RSAKey.generate_key(2048)),
        lambda ann: signed_otherwise(ann, claims={"iss": "https://other.test"}),
        lambda ann: signed_otherwise(ann, claims={"aud": "nobody"}),
        lambda ann: signed_otherwise(ann, claims={"aud": ["shop"]}),
        lambda ann: signed_otherwise(ann, claims={"sid": "x"}),
        lambda ann: signed_otherwise(ann, header={"typ": "logout+jwt"}),
        lambda ann: ann.hint.rpartition(".")[0] + ".",
        lambda ann: signed_otherwise(ann, claims={"x": "a" * 20_000}),
    ],
    ids=[
        "tampered",
        "access token",
        "another key",
        "another issuer",
        "unknown client",
        "a list",
        "no session",
        "logout token",
        "unsigned",
        "too long",
    ],
)
async def test_oidcc_rp_initiated_logout_modified_id_token_hint(ann: SignedIn, hint: Any) -> None:
    page = await ann.get(id_token_hint=hint(ann), post_logout_redirect_uri=BACK, state="s")
    assert asks(page)
    assert await ann.still_in()


async def test_o3_a_hint_of_another_client_than_the_one_named_counts_for_nothing(
    ann: SignedIn,
) -> None:
    page = await ann.get(id_token_hint=ann.hint, client_id="app", post_logout_redirect_uri=BACK)
    assert asks(page)
    assert await ann.still_in()


async def test_o3_a_hint_of_an_app_that_is_disabled_counts_for_nothing(ann: SignedIn) -> None:
    await ann.sso.pool.execute("UPDATE clients SET disabled_at = now() WHERE id = 'shop'")
    page = await ann.get(id_token_hint=ann.hint, post_logout_redirect_uri=BACK)
    assert asks(page)
    done = await ann.browser.post("/oauth2/logout/confirm", **form_of(page))
    assert done.status_code == 200


async def test_o3_an_expired_hint_by_a_retired_key_is_good(ann: SignedIn) -> None:
    sso, hint = ann.sso, signed_otherwise(ann, claims={"iat": 1, "exp": 2})
    await sso.use_cases.rotate_keys(Purpose.OPENID)
    sso.clock.ahead = LEAD + timedelta(minutes=10)
    await sso.keys.tokens.refresh()
    assert len(sso.keys.tokens()) == 2
    done = await ann.get(id_token_hint=hint, post_logout_redirect_uri=BACK, state="s")
    assert sent_to(done) == (BACK, {"state": "s"})
    assert not await ann.still_in()


async def test_o3_a_hint_of_another_user_signs_nobody_out_unasked(ann: SignedIn) -> None:
    bob = await sign_in(ann.sso, "bob")
    page = await bob.get(id_token_hint=ann.hint, post_logout_redirect_uri=BACK)
    assert asks(page)
    assert bob.user.user_name in page.text
    assert await ann.still_in()
    assert await bob.still_in()
    await bob.browser.post("/oauth2/logout/confirm", **form_of(page))
    assert not await bob.still_in()
    assert await ann.still_in()


async def test_o3_a_hint_signs_out_whose_browser_has_forgotten_it(ann: SignedIn) -> None:
    async with ann.sso.client() as http:
        done = await http.get(
            "/oauth2/logout", params={"id_token_hint": ann.hint, "post_logout_redirect_uri": BACK}
        )
    assert sent_to(done) == (BACK, {})
    assert not await ann.still_in()


UNREGISTERED = [
    "https://app.test/other",
    f"{BACK}/",
    f"{BACK}?x=1",
    f"{BACK}#x",
    f"{BACK}/../x",
    f"{BACK};/../x",
    "https://app.test:443/signed-out",
    "https://app.test/Signed-Out",
    "https://app.test/signed%2Dout",
    "https://app.test@evil.test/signed-out",
    "https://app.test%25@evil.test/signed-out",
    "https://app.test.evil.test/signed-out",
    "https://evil.test/?https://app.test/signed-out",
    "http://app.test/signed-out",
    "//app.test/signed-out",
    "javascript:alert(1)",
    f" {BACK}",
    APP,
]


@pytest.mark.parametrize("uri", UNREGISTERED)
async def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(
    ann: SignedIn, uri: str
) -> None:
    page = await ann.get(id_token_hint=ann.hint, post_logout_redirect_uri=uri, state="s")
    assert (page.status_code, asks(page)) == (400, True)
    assert "not registered" in page.text
    assert await ann.still_in()
    done = await ann.browser.post("/oauth2/logout/confirm", **form_of(page))
    assert "location" not in done.headers
    assert not await ann.still_in()
    after = await ann.get(id_token_hint=ann.hint, post_logout_redirect_uri=uri, state="s")
    assert after.status_code == 400
    assert "location" not in after.headers


async def test_another_site_cannot_send_the_form(ann: SignedIn) -> None:
    other = await sign_in(ann.sso, "bob")
    theirs = form_of(await other.get())["proof"]
    for proof in ("", "x", theirs):
        page = await ann.browser.post("/oauth2/logout/confirm", proof=proof)
        assert asks(page)
        assert await ann.still_in()
    page = await ann.get()
    assert "form-action" not in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_who_is_not_signed_in_is_told_so_and_led_nowhere(ann: SignedIn) -> None:
    async with ann.sso.client() as http:
        for given in ({}, {"post_logout_redirect_uri": BACK}, {"id_token_hint": "x"}):
            done = await http.get("/oauth2/logout", params=given)
            assert (done.status_code, "signed out" in done.text) == (200, True)
            assert BACK not in done.text
        named = {"client_id": "shop", "post_logout_redirect_uri": BACK, "state": "s"}
        done = await http.get("/oauth2/logout", params=named)
        assert done.status_code == 200
        assert f'href="{BACK}?{urlencode({"state": "s"})}"' in done.text
        confirmed = await http.post("/oauth2/logout/confirm", data={**named, "proof": "x"})
        assert confirmed.status_code == 200
