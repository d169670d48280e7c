"""The back button, a reload, a double click: the same answer of an identity provider once more."""

from datetime import timedelta

import httpx
import pytest

from component.sso.harness import Browser, SignOn, code_of, request_id_of
from support.identity_provider import response_bytes

EMAIL = "ann@corp.example"


@pytest.fixture
async def ann(sso: SignOn) -> SignOn:
    await sso.add_user(EMAIL)
    return sso


async def posted_once(sso: SignOn, browser: Browser, **changes: str) -> tuple[bytes, str]:
    """Sign somebody in; return the document that was posted, and where it led."""
    left = await browser.post("/login", email=EMAIL, **sso.app.request(**changes))
    assert left.status_code == 303
    document = response_bytes(sso.response(request_id_of(left.headers["location"]), EMAIL))
    answered = await sso.post_document(document)
    went_on = answered.headers["location"]
    code_of(await browser.get(went_on))
    return document, went_on


async def once_more(sso: SignOn, browser: Browser, document: bytes) -> httpx.Response:
    """Post the same document again, without any cookie, and follow with those of a browser."""
    answered = await sso.post_document(document)
    assert answered.status_code == 303
    assert "proof" not in answered.headers["location"]
    assert "set-cookie" not in answered.headers
    return await browser.get(answered.headers["location"])


async def sessions(sso: SignOn) -> int:
    return int(await sso.pool.fetchval("SELECT count(*) FROM sessions"))


async def test_b3_the_same_browser_goes_on_to_the_app(ann: SignOn) -> None:
    browser = ann.browser()
    document, _ = await posted_once(ann, browser)
    again = await once_more(ann, browser, document)
    assert again.status_code == 303
    async with ann.client() as http:
        assert (await ann.app.redeem(http, code_of(again))).status_code == 200
    assert await sessions(ann) == 1
    assert "portico-session" not in again.headers.get("set-cookie", "")


async def test_b3_a_reload_of_the_way_on_goes_on(ann: SignOn) -> None:
    browser = ann.browser()
    _, went_on = await posted_once(ann, browser)
    code_of(await browser.get(went_on))
    assert await sessions(ann) == 1


async def test_b3_another_browser_gets_a_page(ann: SignOn) -> None:
    """Also one that somebody else is signed in by."""
    document, went_on = await posted_once(ann, ann.browser())
    await ann.add_user("eve@corp.example")
    eve = ann.browser()
    await ann.sign_in(eve, "eve@corp.example")
    for browser in (ann.browser(), eve):
        refused = await once_more(ann, browser, document)
        assert (refused.status_code, "sign in again" in refused.text) == (403, True)
        assert (await browser.get(went_on)).status_code == 403
    assert await sessions(ann) == 2


async def test_b3_who_is_signed_out_is_not_let_in_again(ann: SignOn) -> None:
    browser = ann.browser()
    document, _ = await posted_once(ann, browser)
    await ann.pool.execute("UPDATE sessions SET ended_at = now(), ended_because = 'logout'")
    assert (await once_more(ann, browser, document)).status_code == 403


async def test_b3_who_was_to_be_asked_anew_is_not_let_in_by_an_old_answer(ann: SignOn) -> None:
    browser = ann.browser()
    document, _ = await posted_once(ann, browser, prompt="login")
    assert (await once_more(ann, browser, document)).status_code == 403


async def test_b3_not_for_ever(ann: SignOn) -> None:
    browser = ann.browser()
    _, went_on = await posted_once(ann, browser)
    ann.clock.ahead = timedelta(minutes=11)
    assert (await browser.get(went_on)).status_code == 403
