"""Revocation (RFC 7009), introspection (RFC 7662), an app's own tokens, and its secrets."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from component.sso.commands import facts, run
from component.sso.harness import APP, ORIGIN, App, SignOn, code_of
from sso.domain.client import ClientSettings
from sso.domain.login import User


@pytest.fixture
async def ann(sso: SignOn) -> User:
    return await sso.add_user("ann@corp.example", email="ann@corp.example")


async def tokens_of(sso: SignOn, http: httpx.AsyncClient) -> dict[str, Any]:
    answered = await sso.app.redeem(http, await sso.sign_in(sso.browser(), "ann@corp.example"))
    found: dict[str, Any] = answered.json()
    return found


async def ask(
    http: httpx.AsyncClient, what: str, app: App, token: str, **more: str
) -> httpx.Response:
    fields = {"token": token} | more
    return await http.post(f"/oauth2/{what}", data=fields, auth=(app.client_id, app.secret))


async def registered(sso: SignOn, client_id: str, **settings: Any) -> App:
    created = await sso.use_cases.create_client(
        client_id, client_id, [APP], public=False, settings=ClientSettings(**settings)
    )
    return App(client_id, str(created.secret))


async def is_in(http: httpx.AsyncClient, tokens: dict[str, Any]) -> bool:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    return (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 200


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_an_app_takes_back_what_it_was_given(sso: SignOn, ann: User, kind: str) -> None:
    """Either token takes both along, and nobody is signed out of anything else by it."""
    async with sso.client() as http:
        browser = sso.browser()
        code = await sso.sign_in(browser, ann.user_name)
        tokens = (await sso.app.redeem(http, code)).json()
        other = App("other", (await registered(sso, "other")).secret, verifier=sso.app.verifier)
        asked = await browser.http.get("/oauth2/authorize", params=other.request())
        others = (await other.redeem(http, code_of(asked))).json()
        done = await ask(http, "revoke", sso.app, tokens[kind])
        assert (done.status_code, done.content) == (200, b"")
        assert not await is_in(http, tokens)
        fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        proved = (sso.app.client_id, sso.app.secret)
        refused = await http.post("/oauth2/token", data=fields, auth=proved)
        assert refused.json()["error"] == "invalid_grant"
        for name in ("access_token", "refresh_token"):
            told = (await ask(http, "introspect", sso.app, tokens[name])).json()
            assert told == {"active": False}
        assert await is_in(http, others)
        asked = await browser.http.get("/oauth2/authorize", params=sso.app.request(prompt="none"))
        again = (await sso.app.redeem(http, code_of(asked))).json()
        assert await is_in(http, again), "what is given later is good"


async def test_nobody_takes_back_what_another_app_was_given(sso: SignOn, ann: User) -> None:
    other = await registered(sso, "other")
    async with sso.client() as http:
        tokens = await tokens_of(sso, http)
        for kind in ("refresh_token", "access_token"):
            assert (await ask(http, "revoke", other, tokens[kind])).status_code == 200
        for wrong in ("x", "a.b.c", tokens["id_token"]):
            assert (await ask(http, "revoke", sso.app, wrong)).status_code == 200
        assert await is_in(http, tokens)
        unproved = await ask(http, "revoke", App("app", "wrong"), tokens["refresh_token"])
        assert unproved.status_code == 401
        missing = await ask(http, "revoke", sso.app, "")
        assert missing.json()["error"] == "invalid_request"


async def test_an_app_is_told_of_its_tokens(sso: SignOn, ann: User) -> None:
    async with sso.client() as http:
        tokens = await tokens_of(sso, http)
        answered = await ask(http, "introspect", sso.app, tokens["access_token"])
        assert answered.headers["cache-control"] == "no-store"
        told = answered.json()
        assert told["active"] is True
        assert told["sub"] == str(ann.id)
        assert told["client_id"] == "app"
        assert told["token_type"] == "Bearer"
        assert told["iss"] == ORIGIN
        assert told["tenant_id"] == str(sso.tenant.tenant_id)
        refresh = (await ask(http, "introspect", sso.app, tokens["refresh_token"])).json()
        assert (refresh["active"], refresh["sub"]) == (True, str(ann.id))
        for wrong in ("", "x", tokens["id_token"], tokens["access_token"][:-5] + "AAAAA"):
            assert (await ask(http, "introspect", sso.app, wrong)).json() == {"active": False}
        await sso.state_of(ann, active=False)
        for name in ("access_token", "refresh_token"):
            over = (await ask(http, "introspect", sso.app, tokens[name])).json()
            assert over == {"active": False}


async def test_an_app_is_told_of_nobody_elses_tokens(sso: SignOn, ann: User) -> None:
    other = await registered(sso, "other")
    await sso.use_cases.create_client("spa", "Spa", [APP], public=True)
    async with sso.client() as http:
        tokens = await tokens_of(sso, http)
        for name in ("access_token", "refresh_token"):
            assert (await ask(http, "introspect", other, tokens[name])).json() == {"active": False}
        fields = {"client_id": "spa", "token": tokens["access_token"]}
        public = await http.post("/oauth2/introspect", data=fields)
        assert public.status_code == 401


async def test_an_api_is_told_of_the_tokens_that_are_for_it(sso: SignOn, ann: User) -> None:
    api = await registered(sso, "billing-api")
    app = await registered(sso, "portal", audiences=("billing-api",), access_token_seconds=900)
    async with sso.client() as http:
        app = App(app.client_id, app.secret, verifier=sso.app.verifier)
        browser = sso.browser()
        await sso.sign_in(browser, ann.user_name)
        asked = await browser.http.get("/oauth2/authorize", params=app.request())
        tokens = (await app.redeem(http, code_of(asked))).json()
        assert tokens["expires_in"] == 900
        told = (await ask(http, "introspect", api, tokens["access_token"])).json()
        assert told["active"] is True
        assert told["aud"] == [ORIGIN, "billing-api"]
        assert told["exp"] - told["iat"] == 900
        assert await is_in(http, tokens)


async def test_an_app_gets_a_token_for_itself(sso: SignOn) -> None:
    """It is of no person, no session and no tenant: `userinfo` refuses it (O6)."""
    app = await registered(sso, "nightly", service=True, audiences=("reports",))
    async with sso.client() as http:
        proved = (app.client_id, app.secret)
        fields = {"grant_type": "client_credentials"}
        answered = (await http.post("/oauth2/token", data=fields, auth=proved)).json()
        assert answered.keys() == {"access_token", "token_type", "expires_in"}
        keys = KeySet.import_key_set((await http.get("/oauth2/jwks")).json())
        read = jwt.decode(answered["access_token"], keys, algorithms=["RS256"])
        assert read.header["typ"] == "at+jwt"
        assert read.claims["sub"] == read.claims["client_id"] == "nightly"
        assert read.claims["aud"] == [ORIGIN, "reports"]
        assert not {"sid", "tenant_id", "role", "scope"} & read.claims.keys()
        assert not await is_in(http, answered)
        told = (await ask(http, "introspect", app, answered["access_token"])).json()
        assert told["active"] is True
        revoked = await ask(http, "revoke", app, answered["access_token"])
        assert revoked.json()["error"] == "unsupported_token_type"
        others = await ask(http, "revoke", sso.app, answered["access_token"])
        assert others.status_code == 200, "another app is told nothing of it"
        refused = await http.post("/oauth2/token", data=fields, auth=("app", sso.app.secret))
        assert refused.json()["error"] == "unauthorized_client"


async def test_a_secret_is_changed_without_a_gap(sso: SignOn, ann: User) -> None:
    async def works(http: httpx.AsyncClient, secret: str) -> bool:
        return (await ask(http, "introspect", App("app", secret), "x")).status_code == 200

    old = sso.app.secret
    async with sso.client() as http:
        new = (await facts(sso, "client", "rotate-secret", "app", "--keep-old", "2"))["secret"]
        assert await works(http, old)
        assert await works(http, new)
        sso.clock.ahead = timedelta(hours=2, minutes=1)
        assert not await works(http, old)
        newest = (await facts(sso, "client", "rotate-secret", "app"))["secret"]
        assert not await works(http, new)
        assert await works(http, newest)


async def test_what_has_no_secret_gets_none(sso: SignOn) -> None:
    await sso.use_cases.create_client("spa", "Spa", [APP], public=True)
    for arguments in (["spa"], ["nobody"], ["app", "--keep-old", "169"]):
        ended = await run(sso, "client", "rotate-secret", *arguments)
        assert ended.exit_code != 0
    async with sso.client() as http:
        assert (await ask(http, "introspect", sso.app, "x")).status_code == 200


@pytest.mark.parametrize(
    "arguments",
    [
        ["--service", "--public"],
        ["--audience", "two words"],
        ["--audience", ""],
        ["--access-token-seconds", "901"],
        ["--access-token-seconds", "59"],
        ["--initiate-login-uri", "http://app.test/begin"],
    ],
)
async def test_settings_that_are_not_in_order_are_refused(
    sso: SignOn, arguments: list[str]
) -> None:
    ended = await run(sso, "client", "create", "shop", "--redirect-uri", APP, *arguments)
    assert ended.exit_code != 0
    assert "shop" not in (await run(sso, "client", "list")).stdout


async def test_settings_of_an_app_are_shown(sso: SignOn) -> None:
    created = await facts(
        sso,
        *("client", "create", "nightly", "--service", "--audience", "reports"),
        *("--access-token-seconds", "60", "--initiate-login-uri", "https://app.test/begin"),
    )
    assert created["redirect_uris"] == []
    assert created["audiences"] == ["reports"]
    assert created["service"] is True
    assert created["access_token_seconds"] == 60
    assert created["initiate_login_uri"] == "https://app.test/begin"
    without = await run(sso, "client", "create", "shop")
    assert "redirect URI" in without.output
