"""Sessions end when nobody comes by them, and at the latest when a tenant's policy says so."""

from datetime import timedelta

import pytest

from chassis.database import transaction
from chassis.outbox import OutboxSignal
from component.sso.commands import facts, run
from component.sso.harness import Browser, SignOn, code_of
from sso import wiring
from sso.domain.login import User

IDLE, LIFETIME = timedelta(hours=12), timedelta(days=7)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
async def ann(sso: SignOn) -> User:
    return await sso.add_user("ann@corp.example")


async def comes_by(sso: SignOn, browser: Browser) -> bool:
    """Go to the app again, and tell whether that went without signing in."""
    answer = await browser.http.get("/oauth2/authorize", params=sso.app.request(prompt="none"))
    return "code=" in answer.headers["location"]


async def tokens(sso: SignOn, code: str) -> dict[str, str]:
    async with sso.client() as http:
        found: dict[str, str] = (await sso.app.redeem(http, code)).json()
    return found


async def refresh(sso: SignOn, token: str) -> bool:
    fields = {"grant_type": "refresh_token", "refresh_token": token}
    async with sso.client() as http:
        client = (sso.app.client_id, sso.app.secret)
        return (await http.post("/oauth2/token", data=fields, auth=client)).status_code == 200


async def test_who_comes_by_stays_signed_in_for_a_week_and_no_longer(
    sso: SignOn, ann: User
) -> None:
    browser = sso.browser()
    await sso.sign_in(browser, ann.user_name)
    for hours in range(11, 7 * 24, 11):
        sso.clock.ahead = timedelta(hours=hours)
        assert await comes_by(sso, browser), hours
    sso.clock.ahead = LIFETIME - A_MINUTE
    assert await comes_by(sso, browser)
    sso.clock.ahead = LIFETIME + A_MINUTE
    assert not await comes_by(sso, browser)


async def test_who_stays_away_is_signed_out(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    await sso.sign_in(browser, ann.user_name)
    sso.clock.ahead = IDLE - A_MINUTE
    assert await comes_by(sso, browser)
    sso.clock.ahead = 2 * IDLE
    assert not await comes_by(sso, browser)


async def test_the_browser_keeps_its_cookie_for_as_long_as_the_session_may_last(
    sso: SignOn, ann: User
) -> None:
    browser = sso.browser()
    request_id = await sso.leave(browser, ann.user_name)
    answered = await sso.answer(browser, sso.response(request_id, ann.user_name))
    landed = await browser.get(answered.headers["location"])
    [cookie] = [each for each in landed.headers.get_list("set-cookie") if "session" in each]
    seconds = int(cookie.partition("Max-Age=")[2].partition(";")[0])
    assert LIFETIME.total_seconds() - 60 < seconds <= LIFETIME.total_seconds()


async def test_an_app_that_refreshes_keeps_the_session_and_ends_with_it(
    sso: SignOn, ann: User
) -> None:
    browser = sso.browser()
    token = (await tokens(sso, await sso.sign_in(browser, ann.user_name)))["refresh_token"]
    for hours in (11, 22, 33):
        sso.clock.ahead = timedelta(hours=hours)
        assert await refresh(sso, token)
    sso.clock.ahead = timedelta(hours=44)
    assert await comes_by(sso, browser)
    sso.clock.ahead = timedelta(hours=57)
    assert not await refresh(sso, token)


async def test_an_app_offline_goes_on_after_the_session(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    await sso.sign_in(browser, ann.user_name)
    asked = sso.app.request(scope="openid offline_access")
    landed = await browser.http.get("/oauth2/authorize", params=asked)
    token = (await tokens(sso, code_of(landed)))["refresh_token"]
    for days in (2, 8, 29):
        sso.clock.ahead = timedelta(days=days)
        assert await refresh(sso, token)
        assert not await comes_by(sso, browser)
    await sso.state_of(ann, active=False)
    assert not await refresh(sso, token)


async def test_what_the_provider_says_cuts_it_shorter(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    await sso.sign_in(browser, ann.user_name, session_not_on_or_after=timedelta(hours=1))
    sso.clock.ahead = timedelta(minutes=59)
    assert await comes_by(sso, browser)
    sso.clock.ahead = timedelta(minutes=61)
    assert not await comes_by(sso, browser)


async def test_a_tenant_may_have_a_policy_of_its_own(sso: SignOn, ann: User) -> None:
    tenant = ["--tenant", sso.tenant.name]
    assert await facts(sso, "session", "policy", *tenant) == {"idle_hours": 12, "hours": 168}
    before = sso.browser()
    await sso.sign_in(before, ann.user_name)
    set_to = await facts(sso, "session", "policy", *tenant, "--idle-hours", "1", "--hours", "2")
    assert set_to == {"idle_hours": 1, "hours": 2}
    # Another process has heard of it after half a minute; this one has none that is older.
    sso.application = wiring.application(
        sso.settings, sso.pool, OutboxSignal(), sso.keys, sso.clock
    )
    after = sso.browser()
    await sso.sign_in(after, ann.user_name)
    sso.clock.ahead = timedelta(minutes=61)
    assert not await comes_by(sso, after)
    assert await comes_by(sso, before), "what there was keeps what it began with"
    sso.clock.ahead = None
    await sso.sign_in(after, ann.user_name)
    for minutes, signed_in in ((50, True), (100, True), (119, True), (121, False)):
        sso.clock.ahead = timedelta(minutes=minutes)
        assert await comes_by(sso, after) is signed_in, minutes
    again = await facts(sso, "session", "policy", *tenant, "--default")
    assert again == {"idle_hours": 12, "hours": 168}


async def test_a_tenant_that_is_gone_leaves_no_policy(sso: SignOn) -> None:
    await facts(sso, "session", "policy", "--tenant", sso.tenant.name, "--hours", "24")
    assert await sso.pool.fetchval("SELECT count(*) FROM session_policies") == 1
    async with transaction(sso.pool) as connection:
        cases = wiring.event_use_cases(connection, sso.clock)
        await cases.forget_tenant(sso.tenant.tenant_id)
    assert await sso.pool.fetchval("SELECT count(*) FROM session_policies") == 0


@pytest.mark.parametrize(
    "given",
    [
        ["--idle-hours", "0"],
        ["--idle-hours", "-1"],
        ["--idle-hours", "169"],
        ["--hours", "11"],
        ["--hours", "721"],
        ["--hours", "1e300"],
        ["--hours", "nan"],
        ["--default", "--hours", "24"],
    ],
)
async def test_a_policy_that_cannot_be_changes_nothing(sso: SignOn, given: list[str]) -> None:
    tenant = ["--tenant", sso.tenant.name]
    assert (await run(sso, "session", "policy", *tenant, *given)).exit_code == 2
    assert await facts(sso, "session", "policy", *tenant) == {"idle_hours": 12, "hours": 168}
