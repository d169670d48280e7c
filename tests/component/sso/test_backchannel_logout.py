"""Apps hear of the end of sessions, also when some of them do not answer."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from component.sso.commands import facts
from component.sso.harness import APP, ORIGIN, App, SignOn
from sso import wiring
from sso.domain.client import ClientSettings
from sso.domain.logout_notice import LONGEST_PAUSE, TOLD_FOR
from sso.sending import logout_notices
from sso.storage.logout_notices import QUERIES, PostgresLogoutNotices
from sso.usecases.logout_notices import AT_ONCE_OF_CLIENT, EVENT, LEASE, SendLogoutNotices
from support.bus import running
from support.hearing_app import HearingApp, hearing_app
from support.waiting import eventually


@pytest.fixture
async def app() -> AsyncIterator[HearingApp]:
    async with hearing_app() as made:
        yield made


def worker(sso: SignOn) -> SendLogoutNotices:
    return logout_notices(sso.settings, sso.pool, sso.keys.signing, sso.clock)


async def register(sso: SignOn, client_id: str, uri: str | None) -> App:
    settings = ClientSettings(backchannel_logout_uri=uri)
    made = await sso.use_cases.create_client(
        client_id, client_id, [APP], public=False, settings=settings
    )
    return App(client_id, str(made.secret))


async def sessions(sso: SignOn, client_id: str, count: int) -> None:
    """Let so many people be signed in to an app, without all of the way."""
    await sso.pool.execute(
        """
        WITH made AS (
            INSERT INTO sessions (tenant_id, id, user_id, connection_id, secret_digest,
                authenticated_at, expires_at, ends_at)
            SELECT $1, gen_random_uuid(), gen_random_uuid(), $2,
                decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), now(),
                now() + interval '1 hour', now() + interval '1 hour'
            FROM generate_series(1, $4)
            RETURNING tenant_id, id
        )
        INSERT INTO session_clients SELECT tenant_id, id, $3 FROM made
        """,
        sso.tenant.tenant_id,
        sso.connection.id,
        client_id,
        count,
    )


async def end_all(sso: SignOn) -> None:
    selection = await sso.use_cases.select_sessions(tenant=sso.tenant.name)
    await sso.use_cases.revoke_sessions(selection)


async def waiting(sso: SignOn) -> list[dict[str, Any]]:
    rows = await sso.pool.fetch("SELECT * FROM logout_notices ORDER BY client_id, session_id")
    return [dict(row) for row in rows]


async def none_waits(sso: SignOn) -> bool:
    return await waiting(sso) == []


async def test_oidcc_backchannel_discovery(sso: SignOn) -> None:
    async with sso.client() as http:
        said = (await http.get("/.well-known/openid-configuration")).json()
    assert said["backchannel_logout_supported"] is True
    assert said["backchannel_logout_session_supported"] is True


async def test_oidcc_backchannel_rp_initiated_logout(sso: SignOn, app: HearingApp) -> None:
    sso.app = await register(sso, "shop", app.uri("/hear?app=shop"))
    ann = await sso.add_user("ann@corp.example")
    browser = sso.browser()
    code = await sso.sign_in(browser, ann.user_name)
    async with sso.client() as http:
        id_token = (await sso.app.redeem(http, code)).json()["id_token"]
        keys = KeySet.import_key_set((await http.get("/oauth2/jwks")).json())
    await browser.http.get("/oauth2/logout", params={"id_token_hint": id_token})
    async with running(worker(sso).run):
        await eventually(lambda: none_waits(sso))
    [(path, token)] = app.heard
    assert path == "/hear?app=shop"
    read = jwt.decode(token, keys, algorithms=["RS256"])
    signed_in = jwt.decode(id_token, keys, algorithms=["RS256"]).claims
    claims = dict(read.claims)
    assert read.header["typ"] == "logout+jwt"
    assert claims.pop("exp") - claims.pop("iat") <= 120
    assert UUID(claims.pop("jti"))
    assert claims == {
        "iss": ORIGIN,
        "aud": "shop",
        "sub": str(ann.id),
        "sid": signed_in["sid"],
        "events": {EVENT: {}},
    }
    [request] = app.requests
    assert b"\r\nContent-Type: application/x-www-form-urlencoded\r\n" in request


async def test_every_app_of_a_session_hears_and_no_other(sso: SignOn, app: HearingApp) -> None:
    for client_id in ("one", "two", "three"):
        await register(sso, client_id, app.uri(f"/{client_id}"))
    ann = await sso.add_user("ann@corp.example")
    browser = sso.browser()
    await sso.sign_in(browser, ann.user_name)
    for client_id in ("one", "two"):
        await browser.http.get("/oauth2/authorize", params=sso.app.request(client_id=client_id))
    await sessions(sso, "three", 1)
    await sso.state_of(ann, active=False)
    async with running(worker(sso).run):
        await eventually(lambda: none_waits(sso))
    assert sorted(path for path, _ in app.heard) == ["/one", "/two"]


async def test_a_disabled_app_hears_of_it(sso: SignOn, app: HearingApp) -> None:
    await register(sso, "shop", app.uri("/hear"))
    await sessions(sso, "shop", 3)
    await sso.use_cases.disable_client("shop")
    async with running(worker(sso).run):
        await eventually(lambda: none_waits(sso))
    assert len(app.heard) == 3


async def test_what_is_not_committed_is_not_told(sso: SignOn, app: HearingApp) -> None:
    sso.app = await register(sso, "shop", app.uri("/hear"))
    ann = await sso.add_user("ann@corp.example")
    await sso.sign_in(sso.browser(), ann.user_name)
    async with sso.pool.acquire() as proxy:
        connection = cast("asyncpg.Connection", proxy)
        work = connection.transaction()
        await work.start()
        await wiring.event_use_cases(connection, sso.clock).forget_user(ann.tenant_id, ann.id)
        assert await connection.fetchval("SELECT count(*) FROM logout_notices") == 1
        await work.rollback()
    assert await waiting(sso) == []


@pytest.mark.parametrize("status", [200, 204])
async def test_o4_whoever_answers_so_has_heard(sso: SignOn, app: HearingApp, status: int) -> None:
    await register(sso, "shop", app.uri("/hear"))
    app.answer("/hear", status)
    await sessions(sso, "shop", 1)
    await end_all(sso)
    async with running(worker(sso).run):
        await eventually(lambda: none_waits(sso))
    assert len(app.heard) == 1


async def test_o4_whoever_refuses_is_not_asked_again(sso: SignOn, app: HearingApp) -> None:
    await register(sso, "shop", app.uri("/hear"))
    app.answer("/hear", 400)
    await sessions(sso, "shop", 1)
    await end_all(sso)

    async def given_up() -> bool:
        return [row["given_up"] for row in await waiting(sso)] == [True]

    async with running(worker(sso).run):
        await eventually(given_up)
        sso.clock.ahead = timedelta(hours=1)
        await sessions(sso, "shop", 1)
        await end_all(sso)
        await eventually(lambda: len(app.heard) == 2)
    [backlog] = await facts(sso, "client", "logouts")
    assert (backlog["client_id"], backlog["last_failure"]) == ("shop", "status 400")


FAILURES = {
    "500": b"HTTP/1.1 500 x\r\n\r\n",
    "302": b"HTTP/1.1 302 x\r\nLocation: /elsewhere\r\n\r\n",
    "garbage": b"hello there, this is no HTTP\r\n",
    "nothing": b"",
    "a line without end": b"HTTP/1.1 " + b"x" * 100_000,
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_o4_whoever_fails_is_told_again_later(
    sso: SignOn, app: HearingApp, failure: str
) -> None:
    await register(sso, "shop", app.uri("/hear"))
    app.answers["/hear"] = FAILURES[failure]
    await sessions(sso, "shop", 1)
    await end_all(sso)

    async def failed(times: int) -> bool:
        [row] = await waiting(sso)
        postponed = row["due_at"] - sso.clock.now() < LEASE / 2
        return row["attempts"] == times and postponed and row["last_failure"] is not None

    async with running(worker(sso).run):
        await eventually(lambda: failed(1))
        [row] = await waiting(sso)
        assert row["due_at"] - row["created_at"] >= timedelta(seconds=2)
        assert len(app.heard) == 1
        sso.clock.ahead = timedelta(minutes=1)
        await eventually(lambda: failed(2))
        app.answer("/hear", 200)
        sso.clock.ahead = timedelta(minutes=5)
        await eventually(lambda: none_waits(sso))
    assert {path for path, _ in app.heard} == {"/hear"}
    tokens = {token for _, token in app.heard}
    assert len(tokens) == 3, "each attempt has a token of its own"


async def test_o4_what_nobody_hears_is_given_up_after_a_day(sso: SignOn, app: HearingApp) -> None:
    await register(sso, "shop", "http://127.0.0.1:1/hear")
    await sessions(sso, "shop", 1)
    await end_all(sso)

    async def is_now(expected: tuple[int, bool]) -> bool:
        [row] = await waiting(sso)
        # While an attempt is under way, its lease is what it is due after.
        done = row["given_up"] or row["due_at"] - sso.clock.now() < LEASE / 2
        return done and (row["attempts"], row["given_up"]) == expected

    async with running(worker(sso).run):
        await eventually(lambda: is_now((1, False)))
        sso.clock.ahead = TOLD_FOR - timedelta(minutes=5)
        await eventually(lambda: is_now((2, False)))
        sso.clock.ahead = TOLD_FOR + LONGEST_PAUSE
        await eventually(lambda: is_now((3, True)))


async def test_o4_one_app_of_fifty_that_hangs_delays_nobody(sso: SignOn, app: HearingApp) -> None:
    app.answer("/0", None)
    for number in range(50):
        await register(sso, f"app{number}", app.uri(f"/{number}"))
        await sessions(sso, f"app{number}", 20 if number == 0 else 2)
    await end_all(sso)

    async def others_heard() -> bool:
        return {row["client_id"] for row in await waiting(sso)} == {"app0"}

    began = time.monotonic()
    async with running(worker(sso).run):
        await eventually(others_heard, within=20)
        assert app.open["/0"] > 0, "it hangs still"
        assert time.monotonic() - began < 4.5, "nobody waited for it"
        assert app.most["/0"] <= AT_ONCE_OF_CLIENT
        rows = await waiting(sso)
    assert len(rows) == 20


async def test_o4_an_app_that_hangs_is_left_alone_after_five_seconds(
    sso: SignOn, app: HearingApp
) -> None:
    app.answer("/hear", None)
    await register(sso, "shop", app.uri("/hear"))
    await sessions(sso, "shop", 20)
    await end_all(sso)

    async def failed() -> bool:
        return any(row["last_failure"] == "too_slow" for row in await waiting(sso))

    async with running(worker(sso).run):
        await eventually(failed, within=15)
        first = len(app.heard)
        assert first == AT_ONCE_OF_CLIENT
        sso.clock.ahead = timedelta(seconds=10)
        await eventually(lambda: len(app.heard) > first)
        assert app.open["/hear"] == 1, "while it fails, it has one at a time"


async def test_two_workers_tell_everything_once(sso: SignOn, app: HearingApp) -> None:
    await register(sso, "shop", app.uri("/hear"))
    await sessions(sso, "shop", 60)
    await end_all(sso)
    async with running(worker(sso).run, worker(sso).run):
        await eventually(lambda: none_waits(sso))
    assert len(app.heard) == 60


async def test_what_another_worker_is_taking_is_passed_over(sso: SignOn) -> None:
    await register(sso, "shop", "http://127.0.0.1:1/")
    await sessions(sso, "shop", 6)
    await end_all(sso)
    notices, now = PostgresLogoutNotices(sso.pool, sso.clock), sso.clock.now()
    async with sso.pool.acquire() as connection, connection.transaction():
        claim = QUERIES["claim_notices"]
        taken = await connection.fetch(
            *claim(client_id="shop", now=now, lease=now + LEASE, limit=AT_ONCE_OF_CLIENT)
        )
        async with asyncio.timeout(5):
            others = await notices.claim("shop", now, now + LEASE, limit=AT_ONCE_OF_CLIENT)
    assert (len(taken), len(others)) == (4, 2)
    assert {row["session_id"] for row in taken}.isdisjoint(each.session_id for each in others)


async def test_what_a_worker_had_that_died_is_told_by_another(sso: SignOn, app: HearingApp) -> None:
    app.answer("/hear", None)
    await register(sso, "shop", app.uri("/hear"))
    await sessions(sso, "shop", 1)
    await end_all(sso)
    async with running(worker(sso).run):
        await eventually(lambda: len(app.heard) == 1)
    app.answer("/hear", 200)
    async with running(worker(sso).run):
        [row] = await waiting(sso)
        assert row["attempts"] == 1
        sso.clock.ahead = LEASE + timedelta(seconds=1)
        await eventually(lambda: none_waits(sso))


async def test_an_address_that_is_taken_back_is_told_nothing(sso: SignOn, app: HearingApp) -> None:
    await register(sso, "shop", app.uri("/hear"))
    await register(sso, "other", app.uri("/other"))
    for client_id in ("shop", "other"):
        await sessions(sso, client_id, 1)
    await end_all(sso)
    await sso.pool.execute("UPDATE clients SET backchannel_logout_uri = NULL WHERE id = 'shop'")

    async def only_the_first_waits() -> bool:
        return [row["client_id"] for row in await waiting(sso)] == ["shop"]

    async with running(worker(sso).run):
        await eventually(only_the_first_waits)
    assert [path for path, _ in app.heard] == ["/other"]
    sso.clock.ahead = timedelta(days=8)
    assert await PostgresLogoutNotices(sso.pool, sso.clock).prune() == 1
    assert await waiting(sso) == []
