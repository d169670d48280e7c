"""Somebody signs in whom SCIM is telling of at this moment: a page looks again for ten seconds."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from component.sso.harness import ORIGIN, Browser, SignOn, code_of, request_id_of

EMAIL = "new@corp.example"


async def come(sso: SignOn, browser: Browser, email: str = EMAIL, **said: str) -> str:
    """Come back from the identity provider; return where the page looks again."""
    request_id = await sso.leave(browser, email)
    page = await sso.answer(browser, sso.response(request_id, email, **said))
    return waits(page)


def waits(page: httpx.Response) -> str:
    """Return where a page looks again, which works without JavaScript."""
    assert page.status_code == 200, page.text
    assert "We are still setting up your account" in page.text
    seconds, _, url = page.headers["refresh"].partition("; url=")
    assert int(seconds) == 2
    assert url.startswith(f"{ORIGIN}/login/wait?")
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    return url


async def count(sso: SignOn, table: str) -> int:
    return int(await sso.pool.fetchval(f"SELECT count(*) FROM {table}"))


async def test_who_is_provisioned_meanwhile_gets_in(sso: SignOn) -> None:
    browser = sso.browser()
    url = await come(sso, browser)
    assert waits(await browser.get(url)) == url
    await sso.add_user(EMAIL)
    answered = await browser.get(url)
    assert answered.status_code == 303
    code = code_of(await browser.get(answered.headers["location"]))
    async with sso.client() as http:
        assert (await sso.app.redeem(http, code)).status_code == 200
    assert (await sso.log())[1:] == [("signed_in", "address")]


async def test_also_by_an_object_id_which_is_bound_then(sso: SignOn) -> None:
    browser = sso.browser()
    url = await come(sso, browser, object_id="o-1")
    await sso.add_user(EMAIL, external_id="o-1")
    assert (await browser.get(url)).status_code == 303
    assert (await sso.log())[1:] == [("signed_in", "object_id")]
    assert await count(sso, "bindings") == 1


async def test_after_ten_seconds_it_is_said_that_nobody_has_told_of_them(sso: SignOn) -> None:
    browser = sso.browser()
    url = await come(sso, browser)
    sso.clock.ahead = timedelta(seconds=9)
    waits(await browser.get(url))
    sso.clock.ahead = timedelta(seconds=11)
    for code in ("not_provisioned", "login_expired"):
        refused = await browser.get(url)
        assert (refused.status_code, code in refused.text) == (403, True)
    assert (await sso.log())[1:] == [("not_provisioned", None)]


async def test_another_browser_does_not_get_in_by_the_address(sso: SignOn) -> None:
    url = await come(sso, sso.browser())
    await sso.add_user(EMAIL)
    thief = sso.browser()
    answered = await thief.get(url)
    refused = await thief.get(answered.headers["location"])
    assert (refused.status_code, "other_browser" in refused.text) == (403, True)
    assert await count(sso, "sessions") == 0


async def test_an_assertion_that_waited_is_taken_once(sso: SignOn) -> None:
    browser = sso.browser()
    request_id = await sso.leave(browser, EMAIL)
    response = sso.response(request_id, EMAIL)
    first = waits(await sso.answer(browser, response))
    second = waits(await sso.answer(browser, response))
    await sso.add_user(EMAIL)
    assert (await browser.get(first)).status_code == 403  # The second one waits.
    assert (await browser.get(second)).status_code == 303
    again = await browser.get(second)
    assert (again.status_code, "login_expired" in again.text) == (403, True)
    once_more = await sso.answer(browser, response)
    assert "proof" not in once_more.headers["location"]


@pytest.mark.parametrize("what", ["deactivated", "suspended", "not_entitled", "domain"])
async def test_whoever_must_not_get_in_meanwhile_does_not(sso: SignOn, what: str) -> None:
    browser = sso.browser()
    url = await come(sso, browser)
    user = await sso.add_user(EMAIL)
    match what:
        case "deactivated":
            await sso.state_of(user, active=False)
        case "suspended":
            await sso.use_cases.suspend_connection(sso.connection)
        case "not_entitled":
            await sso.pool.execute("UPDATE tenants SET package = 'free'")
        case "domain":
            await sso.pool.execute("DELETE FROM domains")
            sso.clock.ahead = timedelta(seconds=11)
    refused = await browser.get(url)
    assert refused.status_code == 403, refused.text
    assert await count(sso, "sessions") == 0


async def test_a_wrong_proof_is_none(sso: SignOn) -> None:
    browser = sso.browser()
    url = await come(sso, browser)
    await sso.add_user(EMAIL)
    for wrong in (f"{url}x", url.partition("&proof")[0], url.replace("login=", "login=0")):
        assert (await browser.get(wrong)).status_code == 403
    assert (await browser.get(url)).status_code == 303


async def test_who_tests_a_connection_is_told_at_once(sso: SignOn) -> None:
    url = await sso.use_cases.test_connection(sso.connection)
    response = sso.response(request_id_of(url), EMAIL)
    refused = await sso.answer(sso.browser(), replace(response, name_id=EMAIL))
    assert (refused.status_code, "not_provisioned" in refused.text) == (403, True)
