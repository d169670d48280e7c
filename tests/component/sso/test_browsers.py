"""What browsers do: lose cookies, leave pages open, begin and never end."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from component.sso.harness import SignOn, code_of
from component.sso.test_rp_initiated_logout import form_of

EMAIL = "ann@corp.example"


@pytest.fixture
async def ann(sso: SignOn) -> SignOn:
    await sso.add_user(EMAIL)
    return sso


async def test_b1_a_browser_without_cookies_is_not_sent_in_circles(ann: SignOn) -> None:
    request_id = await ann.leave(ann.browser(), EMAIL)
    answered = await ann.answer(ann.browser(), ann.response(request_id, EMAIL))
    stopped = await ann.browser().get(answered.headers["location"])
    assert stopped.status_code == 403
    assert "location" not in stopped.headers
    assert "refresh" not in stopped.headers


async def test_b4_abandoned_logins_do_not_add_up(ann: SignOn) -> None:
    browser = ann.browser()
    for _ in range(60):
        await ann.leave(browser, EMAIL)
    cookies = "; ".join(f"{each.name}={each.value}" for each in browser.http.cookies.jar)
    assert len(cookies) < 2_000
    assert await ann.pool.fetchval("SELECT count(*) FROM pending_logins") == 20
    others = ann.browser()
    await ann.sign_in(others, EMAIL)
    await ann.sign_in(browser, EMAIL)


async def test_b4_of_many_logins_the_latest_are_kept(ann: SignOn) -> None:
    browser = ann.browser()
    first = await ann.leave(browser, EMAIL)
    kept = [await ann.leave(browser, EMAIL) for _ in range(20)]
    gone = await ann.answer(browser, ann.response(first, EMAIL))
    assert (gone.status_code, "not_asked_for" in gone.text) == (403, True)
    answered = await ann.answer(browser, ann.response(kept[0], EMAIL))
    assert code_of(await browser.get(answered.headers["location"]))


async def test_b5_a_page_that_was_open_overnight_goes_on(ann: SignOn) -> None:
    browser = ann.browser()
    page = await browser.http.get("/oauth2/authorize", params=ann.app.request())
    ann.clock.ahead = timedelta(hours=24)
    left = await browser.post("/login", email=EMAIL, **form_of(page))
    assert left.status_code == 303
    assert urlsplit(left.headers["location"]).netloc == "login.microsoftonline.test"


async def test_b11_no_page_that_leaves_forbids_its_own_way(ann: SignOn) -> None:
    page = await ann.browser().http.get("/oauth2/authorize", params=ann.app.request())
    policy = page.headers["content-security-policy"]
    assert "form-action" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
