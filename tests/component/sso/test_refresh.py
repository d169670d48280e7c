"""Refresh tokens: rotated for apps that can keep no secret, dead with their session (O1, B10)."""

import asyncio
import base64
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from component.sso.harness import APP, App, SignOn, code_of
from sso.domain.login import User
from sso.domain.refresh import make_token, parse_token
from sso.storage.families import MAX_FAMILIES
from sso.storage.logins import PostgresLogins


@pytest.fixture
async def ann(sso: SignOn) -> User:
    return await sso.add_user("ann@corp.example", email="ann@corp.example")


async def public_app(sso: SignOn) -> App:
    await sso.use_cases.create_client("spa", "Spa", [APP], public=True)
    sso.app = App("spa", "")
    return sso.app


async def tokens_of(sso: SignOn, http: httpx.AsyncClient, scope: str = "openid") -> dict[str, Any]:
    """Sign ann in at the app, and return its tokens."""
    browser = sso.browser()
    await sso.sign_in(browser, "ann@corp.example")
    asked = await browser.http.get("/oauth2/authorize", params=sso.app.request(scope=scope))
    answered = await sso.app.redeem(http, code_of(asked))
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def refresh(
    sso: SignOn, http: httpx.AsyncClient, token: str, **changes: str
) -> httpx.Response:
    fields = {"grant_type": "refresh_token", "refresh_token": token} | changes
    if sso.app.secret:
        proved = (sso.app.client_id, sso.app.secret)
        return await http.post("/oauth2/token", data=fields, auth=proved)
    return await http.post("/oauth2/token", data=fields | {"client_id": sso.app.client_id})


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def reasons(sso: SignOn) -> set[str | None]:
    rows = await sso.pool.fetch("SELECT ended_because FROM sessions")
    return {row["ended_because"] for row in rows}


async def told(sso: SignOn) -> list[str]:
    rows = await sso.pool.fetch("SELECT data FROM outbox ORDER BY id")
    return [orjson.loads(row["data"])["reason"] for row in rows]


async def test_tokens_are_renewed_within_the_session(sso: SignOn, ann: User) -> None:
    async with sso.client() as http:
        first = await tokens_of(sso, http, "openid email")
        sso.clock.ahead = timedelta(minutes=20)
        answered = await refresh(sso, http, first["refresh_token"])
        assert answered.headers["cache-control"] == "no-store"
        renewed = answered.json()
        bearer = {"Authorization": f"Bearer {renewed['access_token']}"}
        assert (await http.get("/oauth2/userinfo", headers=bearer)).json()["sub"] == str(ann.id)
    before, after = claims_of(first["id_token"]), claims_of(renewed["id_token"])
    same = ("iss", "sub", "aud", "auth_time", "sid", "email")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["iat"] > before["iat"]
    assert "nonce" not in after
    assert "refresh_token" not in renewed, "an app that has a secret keeps its token"


async def test_an_app_with_a_secret_keeps_its_token(sso: SignOn, ann: User) -> None:
    async with sso.client() as http:
        token = (await tokens_of(sso, http))["refresh_token"]
        for minutes in (1, 10, 60):
            sso.clock.ahead = timedelta(minutes=minutes)
            assert (await refresh(sso, http, token)).status_code == 200
    assert await reasons(sso) == {None}


async def test_o1_ten_refreshes_at_once_lead_to_one_successor(sso: SignOn, ann: User) -> None:
    """O1: two tabs refreshed at once, and their user was out."""
    await public_app(sso)
    async with sso.client() as http:
        token = (await tokens_of(sso, http))["refresh_token"]
        answers = await asyncio.gather(*(refresh(sso, http, token) for _ in range(10)))
        assert {answer.status_code for answer in answers} == {200}
        successors = {answer.json()["refresh_token"] for answer in answers}
        assert len(successors) == 1
        assert successors != {token}
        assert (await refresh(sso, http, successors.pop())).status_code == 200
    assert await reasons(sso) == {None}


async def test_an_old_token_leads_to_the_newest_for_half_a_minute(sso: SignOn, ann: User) -> None:
    await public_app(sso)
    async with sso.client() as http:
        first = (await tokens_of(sso, http))["refresh_token"]
        second = (await refresh(sso, http, first)).json()["refresh_token"]
        sso.clock.ahead = timedelta(seconds=20)
        third = (await refresh(sso, http, second)).json()["refresh_token"]
        for shown in (first, second):
            assert (await refresh(sso, http, shown)).json()["refresh_token"] == third
        sso.clock.ahead = timedelta(seconds=45)
        assert (await refresh(sso, http, second)).json()["refresh_token"] == third


async def test_o1_a_token_used_again_later_ends_the_session(sso: SignOn, ann: User) -> None:
    """O1: R1 after 31 s."""
    await public_app(sso)
    async with sso.client() as http:
        tokens = await tokens_of(sso, http)
        first = tokens["refresh_token"]
        second = (await refresh(sso, http, first)).json()["refresh_token"]
        sso.clock.ahead = timedelta(seconds=32)
        refused = await refresh(sso, http, first)
        assert refused.status_code == 400
        assert refused.json()["error"] == "invalid_grant"
        assert (await refresh(sso, http, second)).json()["error"] == "invalid_grant"
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 401
    assert "refresh_token_reused" in await reasons(sso)
    assert await told(sso) == ["refresh_token_reused"]


async def test_a_token_of_long_ago_ends_the_session_too(sso: SignOn, ann: User) -> None:
    await public_app(sso)
    async with sso.client() as http:
        first = token = (await tokens_of(sso, http))["refresh_token"]
        for _ in range(15):
            token = (await refresh(sso, http, token)).json()["refresh_token"]
        assert (await refresh(sso, http, first)).json()["error"] == "invalid_grant"
    assert await told(sso) == ["refresh_token_reused"]


async def test_what_was_never_given_out_ends_nothing(sso: SignOn, ann: User) -> None:
    await public_app(sso)
    async with sso.client() as http:
        token = (await tokens_of(sso, http))["refresh_token"]
        shown = parse_token(token)
        assert shown is not None
        second = (await refresh(sso, http, token)).json()["refresh_token"]
        for forged in (
            make_token(shown.secret, b"guessed", 1),
            make_token(shown.secret, b"guessed", 0),
            f"{shown.secret}.7.{shown.proof}",
            f"{shown.secret}.1.{shown.proof}",
            f"{'A' * 43}.0.{shown.proof}",
            shown.secret,
            "",
            "é.0.é",
        ):
            sso.clock.ahead = timedelta(minutes=5)
            assert (await refresh(sso, http, forged)).json()["error"] == "invalid_grant"
        assert (await refresh(sso, http, second)).status_code == 200
    assert await told(sso) == []


async def test_a_token_is_bound_to_its_app(sso: SignOn, ann: User) -> None:
    """Conformance `oidcc-refresh-token`: another client is refused, and the token stays good."""
    created = await sso.use_cases.create_client("other", "Other", [APP], public=False)
    async with sso.client() as http:
        token = (await tokens_of(sso, http))["refresh_token"]
        fields = {"grant_type": "refresh_token", "refresh_token": token}
        other = await http.post("/oauth2/token", data=fields, auth=("other", str(created.secret)))
        assert other.json()["error"] == "invalid_grant"
        unproved = await http.post("/oauth2/token", data=fields | {"client_id": "app"})
        assert unproved.status_code == 401
        assert (await refresh(sso, http, token)).status_code == 200


async def test_no_more_is_given_than_was_granted(sso: SignOn, ann: User) -> None:
    async with sso.client() as http:
        token = (await tokens_of(sso, http, "openid email"))["refresh_token"]
        more = await refresh(sso, http, token, scope="openid profile")
        assert more.json()["error"] == "invalid_scope"
        less = (await refresh(sso, http, token, scope="openid")).json()
        assert less["scope"] == "openid"
        assert "email" not in claims_of(less["id_token"])
        assert (await refresh(sso, http, token)).json()["scope"] == "openid email"


async def test_without_offline_access_a_family_ends_with_the_session(
    sso: SignOn, ann: User
) -> None:
    async with sso.client() as http:
        online = (await tokens_of(sso, http))["refresh_token"]
        offline = (await tokens_of(sso, http, "openid offline_access"))["refresh_token"]
        sso.clock.ahead = timedelta(days=8)
        assert (await refresh(sso, http, online)).json()["error"] == "invalid_grant"
        renewed = (await refresh(sso, http, offline)).json()
        bearer = {"Authorization": f"Bearer {renewed['access_token']}"}
        assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 200
        sso.clock.ahead = timedelta(days=31)
        assert (await refresh(sso, http, offline)).json()["error"] == "invalid_grant"


async def test_a_session_offline_is_kept_and_can_be_ended(sso: SignOn, ann: User) -> None:
    async with sso.client() as http:
        await tokens_of(sso, http)
        offline = (await tokens_of(sso, http, "openid offline_access"))["refresh_token"]
        sso.clock.ahead = timedelta(days=20)
        await PostgresLogins(sso.pool, sso.clock).prune()
        assert await sso.pool.fetchval("SELECT count(*) FROM sessions") == 1
        assert (await refresh(sso, http, offline)).status_code == 200
        await sso.state_of(ann, active=False)
        assert (await refresh(sso, http, offline)).json()["error"] == "invalid_grant"
        await sso.state_of(ann, active=True)
        assert (await refresh(sso, http, offline)).json()["error"] == "invalid_grant"
        sso.clock.ahead = timedelta(days=32)
        await PostgresLogins(sso.pool, sso.clock).prune()
    for table in ("sessions", "refresh_families"):
        assert await sso.pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table


@pytest.mark.parametrize("package", ["free", "later"])
async def test_a_tenant_that_may_not_sign_on_gets_no_new_tokens(
    sso: SignOn, ann: User, package: str
) -> None:
    async with sso.client() as http:
        token = (await tokens_of(sso, http))["refresh_token"]
        await sso.pool.execute("UPDATE tenants SET package = $1", package)
        assert (await refresh(sso, http, token)).json()["error"] == "invalid_grant"


async def test_b10_a_code_shown_again_later_ends_its_session(sso: SignOn, ann: User) -> None:
    """B10, conformance `oidcc-codereuse-30seconds`: its tokens are revoked."""
    async with sso.client() as http:
        code = await sso.sign_in(sso.browser(), "ann@corp.example")
        tokens = (await sso.app.redeem(http, code)).json()
        sso.clock.ahead = timedelta(seconds=30)
        assert (await sso.app.redeem(http, code)).json()["error"] == "invalid_grant"
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 401
        refused = await refresh(sso, http, tokens["refresh_token"])
        assert refused.json()["error"] == "invalid_grant"
    assert await told(sso) == ["code_reused"]


async def test_b10_a_code_shown_twice_at_once_gives_tokens_once_and_they_stay_good(
    sso: SignOn, ann: User
) -> None:
    """B10, conformance `oidcc-codereuse`: a callback that was loaded twice signs nobody out."""
    async with sso.client() as http:
        code = await sso.sign_in(sso.browser(), "ann@corp.example")
        answers = await asyncio.gather(*(sso.app.redeem(http, code) for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        sso.clock.ahead = timedelta(seconds=4)
        assert (await sso.app.redeem(http, code)).status_code == 400
    assert await told(sso) == []


@pytest.mark.parametrize(
    "changes", [{"code_verifier": "w" * 43}, {"redirect_uri": f"{APP}/other"}, {"client": "other"}]
)
async def test_b10_whoever_has_found_a_code_signs_nobody_out(
    sso: SignOn, ann: User, changes: dict[str, str]
) -> None:
    """B10: a wrong verifier must not revoke."""
    other = await sso.use_cases.create_client("other", "Other", [APP], public=False)
    async with sso.client() as http:
        code = await sso.sign_in(sso.browser(), "ann@corp.example")
        assert (await sso.app.redeem(http, code)).status_code == 200
        sso.clock.ahead = timedelta(seconds=40)
        thief = sso.app
        if changes.pop("client", None):
            thief = App("other", str(other.secret), verifier=sso.app.verifier)
        assert (await thief.redeem(http, code, **changes)).json()["error"] == "invalid_grant"
    assert await told(sso) == []


async def test_an_app_that_lets_people_in_again_and_again_keeps_its_newest_families(
    sso: SignOn, ann: User
) -> None:
    browser = sso.browser()
    await sso.sign_in(browser, ann.user_name)
    given = []
    async with sso.client() as http:
        for seconds in range(MAX_FAMILIES + 3):
            sso.clock.ahead = timedelta(seconds=seconds)
            asked = await browser.http.get("/oauth2/authorize", params=sso.app.request())
            answered = (await sso.app.redeem(http, code_of(asked))).json()
            given.append(answered["refresh_token"])
        assert await sso.pool.fetchval("SELECT count(*) FROM refresh_families") == MAX_FAMILIES
        assert (await refresh(sso, http, given[0])).json()["error"] == "invalid_grant"
        for token in (given[3], given[-1]):
            assert (await refresh(sso, http, token)).status_code == 200
