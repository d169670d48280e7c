"""Pages of exactly the registered origins read tokens, `userinfo`, keys and discovery."""

import httpx
import pytest

from component.sso.commands import facts, run
from component.sso.harness import APP, SignOn
from sso.domain.client import ClientSettings

ORIGIN = "https://app.test"
OPEN = (
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/oauth2/jwks"),
    ("POST", "/oauth2/token"),
    ("POST", "/oauth2/revoke"),
    ("GET", "/oauth2/userinfo"),
)
STRANGERS = (
    "null",
    "https://evil.test",
    "http://app.test",
    "https://app.test:8443",
    "https://app.test.evil.test",
    "https://APP.test",
    "https://app.test/",
    "https://app.test, https://evil.test",
    "*",
    "https://" + "x" * 300,
)


@pytest.fixture(autouse=True)
async def page(sso: SignOn) -> None:
    settings = ClientSettings(allowed_origins=(ORIGIN, "http://127.0.0.1:5173"))
    await sso.use_cases.create_client("spa", "Spa", [APP], public=True, settings=settings)


async def ask(
    http: httpx.AsyncClient, method: str, path: str, origin: str, **more: str
) -> httpx.Response:
    headers = {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"} | more
    return await http.request(method, path, headers=headers)


@pytest.mark.parametrize(("method", "path"), OPEN)
async def test_a_registered_origin_reads_the_answer(sso: SignOn, method: str, path: str) -> None:
    async with sso.client() as http:
        for origin in (ORIGIN, "http://127.0.0.1:5173"):
            answered = await ask(http, method, path, origin)
            assert answered.headers["access-control-allow-origin"] == origin
            assert "Origin" in answered.headers["vary"]
            assert "access-control-allow-credentials" not in answered.headers
            asked = {"Access-Control-Request-Method": method}
            preflight = await ask(http, "OPTIONS", path, origin, **asked)
            assert preflight.status_code == 204
            assert preflight.headers["access-control-allow-origin"] == origin
            assert method in preflight.headers["access-control-allow-methods"]
            assert "Authorization" in preflight.headers["access-control-allow-headers"]


@pytest.mark.parametrize(("method", "path"), OPEN)
async def test_no_other_origin_reads_anything(sso: SignOn, method: str, path: str) -> None:
    async with sso.client() as http:
        for origin in STRANGERS:
            for how in (method, "OPTIONS"):
                answered = await ask(http, how, path, origin)
                named = [each for each in answered.headers if each.startswith("access-control")]
                assert named == [], origin
                assert "Origin" in answered.headers["vary"]


async def test_what_browsers_go_to_is_read_by_no_other_page(sso: SignOn) -> None:
    async with sso.client() as http:
        for method, path in (
            ("GET", "/oauth2/authorize"),
            ("POST", "/oauth2/introspect"),
            ("POST", "/oauth2/par"),
            ("POST", "/login"),
            ("GET", "/oauth2/logout"),
        ):
            for how in (method, "OPTIONS"):
                answered = await ask(http, how, path, ORIGIN)
                assert "access-control-allow-origin" not in answered.headers, path


async def test_an_app_that_is_disabled_has_no_origin(sso: SignOn) -> None:
    await sso.use_cases.disable_client("spa")
    async with sso.client() as http:
        answered = await ask(http, "GET", "/oauth2/jwks", ORIGIN)
    assert "access-control-allow-origin" not in answered.headers


async def test_origins_are_registered_by_command(sso: SignOn) -> None:
    base = ("client", "create", "web", "--public", "--redirect-uri", APP)
    created = await facts(sso, *base, "--allowed-origin", "https://web.test:8443")
    assert created["allowed_origins"] == ["https://web.test:8443"]


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://*", "https://a.test/", "https://A.test", "http://a.test", "a.test"],
)
async def test_what_is_no_origin_is_not_registered(sso: SignOn, origin: str) -> None:
    base = ("client", "create", "web", "--public", "--redirect-uri", APP)
    assert (await run(sso, *base, "--allowed-origin", origin)).exit_code != 0
