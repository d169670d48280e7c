"""Requests that apps send ahead of the browser (RFC 9126)."""

from datetime import timedelta

import httpx
import pytest

from component.sso.harness import APP, App, SignOn, code_of
from sso.domain.login import User
from sso.storage.logins import PostgresLogins
from sso.usecases.authorization import PUSHED


@pytest.fixture
async def ann(sso: SignOn) -> User:
    return await sso.add_user("ann@corp.example")


async def push(http: httpx.AsyncClient, app: App, **changes: str) -> httpx.Response:
    fields = app.request(**changes)
    return await http.post("/oauth2/par", data=fields, auth=(app.client_id, app.secret))


async def test_a_request_is_sent_ahead(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    await sso.sign_in(browser, ann.user_name)
    async with sso.client() as http:
        pushed = await push(http, sso.app, login_hint=ann.user_name)
        assert pushed.status_code == 201
        assert pushed.headers["cache-control"] == "no-store"
        said = pushed.json()
        assert said["request_uri"].startswith(PUSHED)
        assert said["expires_in"] == 60
        query = {"client_id": "app", "request_uri": said["request_uri"]}
        landed = await browser.http.get("/oauth2/authorize", params=query)
        assert (await sso.app.redeem(http, code_of(landed))).status_code == 200
        # What the query says beside it is not read.
        more = query | {"scope": "x", "redirect_uri": "https://evil.test/", "prompt": "login"}
        assert code_of(await browser.http.get("/oauth2/authorize", params=more))
        page = await http.get("/oauth2/authorize", params=query)
    assert 'value="ann@corp.example"' in page.text
    assert "request_uri" not in page.text


async def test_a_request_ends_and_is_its_apps_alone(sso: SignOn, ann: User) -> None:
    await sso.use_cases.create_client("other", "Other", [APP], public=False)
    async with sso.client() as http:
        name = (await push(http, sso.app)).json()["request_uri"]
        for client_id, uri in (("other", name), ("app", f"{PUSHED}x"), ("app", PUSHED)):
            query = {"client_id": client_id, "request_uri": uri}
            refused = await http.get("/oauth2/authorize", params=query)
            assert refused.status_code == 400
            assert "location" not in refused.headers
        sso.clock.ahead = timedelta(seconds=61)
        over = await http.get("/oauth2/authorize", params={"client_id": "app", "request_uri": name})
        assert over.status_code == 400
    await PostgresLogins(sso.pool, sso.clock).prune()
    assert await sso.pool.fetchval("SELECT count(*) FROM pushed_requests") == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": f"{APP}/other"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"client_id": "other"}, "invalid_request"),
        ({"request_uri": f"{PUSHED}x"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
    ],
)
async def test_what_is_not_in_order_is_refused_at_once(
    sso: SignOn, changes: dict[str, str], error: str
) -> None:
    async with sso.client() as http:
        fields = sso.app.request(**changes)
        proved = (sso.app.client_id, sso.app.secret)
        refused = await http.post("/oauth2/par", data=fields, auth=proved)
        assert refused.status_code == 400
        assert refused.json()["error"] == error
    assert await sso.pool.fetchval("SELECT count(*) FROM pushed_requests") == 0


async def test_only_an_app_that_proves_itself_sends_requests(sso: SignOn) -> None:
    await sso.use_cases.create_client("spa", "Spa", [APP], public=True)
    async with sso.client() as http:
        assert (await push(http, App("app", "wrong"))).status_code == 401
        public = await http.post("/oauth2/par", data=App("spa", "").request())
        assert public.status_code == 401


async def test_no_secret_is_kept_with_a_request(sso: SignOn) -> None:
    async with sso.client() as http:
        fields = sso.app.request() | {"client_secret": sso.app.secret}
        assert (await http.post("/oauth2/par", data=fields)).status_code == 201
    kept = await sso.pool.fetchval("SELECT parameters::text FROM pushed_requests")
    assert sso.app.secret not in kept


async def test_a_request_is_not_sent_ahead_by_another(sso: SignOn) -> None:
    """RFC 9126 §2.1: `request_uri` is none of what may be sent."""
    async with sso.client() as http:
        name = (await push(http, sso.app)).json()["request_uri"]
        again = await push(http, sso.app, request_uri=name)
    assert again.json()["error"] == "invalid_request"
