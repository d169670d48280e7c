"""The steps of OpenID Connect that tests of the provider take."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet
from lxml import html

from component.sso.harness import APP, Browser, SignOn, request_id_of


async def authorize(browser: Browser, sso: SignOn, **changes: str) -> httpx.Response:
    return await browser.http.get("/oauth2/authorize", params=sso.app.request(**changes))


async def sign_in(
    sso: SignOn, browser: Browser, page: httpx.Response, email: str
) -> tuple[httpx.Response, str]:
    """Go through the login page; return how the app is come back to, and the AuthnRequest."""
    assert page.status_code == 200, page.headers
    document = html.fromstring(page.text)
    fields = {each.get("name"): each.get("value", "") for each in document.iter("input")}
    left = await browser.post("/login", **(fields | {"email": email}))
    assert left.status_code == 303, left.text
    request = dict(parse_qsl(urlsplit(left.headers["location"]).query))["SAMLRequest"]
    response = sso.response(request_id_of(left.headers["location"]), email)
    answered = await sso.answer(browser, response)
    return await browser.get(answered.headers["location"]), request


def answer_of(landed: httpx.Response) -> dict[str, str]:
    assert landed.status_code == 303, landed.text
    assert landed.headers["location"].startswith(f"{APP}?")
    return dict(parse_qsl(urlsplit(landed.headers["location"]).query))


async def tokens_of(sso: SignOn, code: str, **changes: str) -> dict[str, Any]:
    async with sso.client() as http:
        answered = await sso.app.redeem(http, code, **changes)
        assert answered.status_code == 200, answered.text
        found: dict[str, Any] = answered.json()
        return found


async def claims_of(sso: SignOn, token: str) -> dict[str, Any]:
    async with sso.client() as http:
        keys = KeySet.import_key_set((await http.get("/oauth2/jwks")).json())
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


async def signed_in(sso: SignOn) -> Browser:
    browser = sso.browser()
    await sso.sign_in(browser, "ann@corp.example")
    return browser
