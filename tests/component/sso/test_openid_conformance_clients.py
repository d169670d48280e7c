"""What the Basic OP plan asks of how apps prove themselves, and where installed ones come back."""

import base64
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from component.sso.harness import APP, SignOn, code_of
from component.sso.openid import authorize, signed_in
from sso.domain.login import User


@pytest.fixture(autouse=True)
async def ann(sso: SignOn) -> User:
    return await sso.add_user("ann@corp.example")


async def test_oidcc_client_authentication(sso: SignOn, ann: User) -> None:
    """`oidcc-server-client-secret-post`, and Basic with both parts form-encoded."""
    browser = await signed_in(sso)
    fields = {
        "grant_type": "authorization_code",
        "redirect_uri": APP,
        "code_verifier": sso.app.verifier,
    }
    encoded = f"{quote('app')}:%{sso.app.secret[0].encode().hex()}{sso.app.secret[1:]}"
    basic = {"Authorization": f"Basic {base64.b64encode(encoded.encode()).decode()}"}
    posted = {"client_id": "app", "client_secret": sso.app.secret}
    async with sso.client() as http:
        for more, headers in (({}, basic), (posted, {})):
            code = code_of(await authorize(browser, sso))
            answered = await http.post(
                "/oauth2/token", data=fields | {"code": code} | more, headers=headers
            )
            assert answered.status_code == 200, answered.text
            assert answered.headers["cache-control"] == "no-store"
        code = code_of(await authorize(browser, sso))
        both = await http.post(
            "/oauth2/token", data=fields | {"code": code} | posted, headers=basic
        )
        assert both.json()["error"] == "invalid_request"
        for wrong in (posted | {"client_secret": "x"}, {"client_id": "app"}, {"client_id": "no"}):
            refused = await http.post("/oauth2/token", data=fields | {"code": code} | wrong)
            assert refused.status_code == 401
            assert refused.json()["error"] == "invalid_client"
            assert refused.headers["cache-control"] == "no-store"
        missing = await http.post("/oauth2/token", data=posted)
        assert missing.json()["error"] == "invalid_request"
        other = await http.post("/oauth2/token", data=posted | {"grant_type": "password"})
        assert other.json()["error"] == "unsupported_grant_type"


async def test_an_installed_app_comes_back_to_the_port_that_it_has(sso: SignOn, ann: User) -> None:
    """RFC 8252 §7.3, for public apps alone; the code is bound to the address that was sent."""
    uri = "http://127.0.0.1/callback"
    await sso.use_cases.create_client("cli", "Cli", [uri, "com.example.app:/cb"], public=True)
    await sso.use_cases.create_client("server", "Server", [uri], public=False)
    browser = await signed_in(sso)
    sent = "http://127.0.0.1:49152/callback"
    landed = await authorize(browser, sso, client_id="cli", redirect_uri=sent)
    assert landed.headers["location"].startswith(f"{sent}?code=")
    code = dict(parse_qsl(urlsplit(landed.headers["location"]).query))["code"]
    own = await authorize(browser, sso, client_id="cli", redirect_uri="com.example.app:/cb")
    assert own.headers["location"].startswith("com.example.app:/cb?code=")
    refused = await authorize(browser, sso, client_id="server", redirect_uri=sent)
    assert refused.status_code == 400
    fields = {
        "grant_type": "authorization_code",
        "client_id": "cli",
        "code": code,
        "code_verifier": sso.app.verifier,
        "redirect_uri": sent,
    }
    async with sso.client() as http:
        assert (await http.post("/oauth2/token", data=fields)).status_code == 200
