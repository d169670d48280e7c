"""Apps of others ask people before they are told of them."""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from lxml import html

from component.sso.commands import facts
from component.sso.harness import APP, App, Browser, SignOn, code_of, request_id_of
from sso.domain.client import ClientSettings
from sso.domain.login import User

Fields = dict[str, str]


@pytest.fixture
async def ann(sso: SignOn) -> User:
    return await sso.add_user("ann@corp.example", email="ann@corp.example")


@pytest.fixture(autouse=True)
async def stranger(sso: SignOn) -> App:
    """An app of somebody else in place of ours."""
    created = await sso.use_cases.create_client(
        "stranger", "Stranger <b>Ltd", [APP], public=False, settings=ClientSettings(consent=True)
    )
    sso.app = App("stranger", str(created.secret), verifier=sso.app.verifier)
    return sso.app


def form_of(page: httpx.Response) -> Fields:
    assert page.status_code == 200, page.headers
    document = html.fromstring(page.text)
    assert document.xpath("//form/@action") == ["https://login.portico.test/oauth2/consent"]
    return {each.get("name"): each.get("value", "") for each in document.iter("input")}


def error_of(landed: httpx.Response) -> str:
    return dict(parse_qsl(urlsplit(landed.headers["location"]).query))["error"]


async def first_time(sso: SignOn, browser: Browser, user: User) -> httpx.Response:
    """Sign in at the app for the first time."""
    request_id = await sso.leave(browser, user.user_name)
    answered = await sso.answer(browser, sso.response(request_id, user.user_name))
    return await browser.get(answered.headers["location"])


async def authorize(browser: Browser, sso: SignOn, **changes: str) -> httpx.Response:
    return await browser.http.get("/oauth2/authorize", params=sso.app.request(**changes))


async def test_somebody_is_asked_once(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    page = await first_time(sso, browser, ann)
    assert "Stranger &lt;b&gt;Ltd" in page.text
    assert "your e-mail address" in page.text
    assert "form-action" not in page.headers["content-security-policy"], "it leads to the app"
    assert await sso.pool.fetchval("SELECT count(*) FROM codes") == 0
    landed = await browser.post("/oauth2/consent", **form_of(page), answer="yes")
    async with sso.client() as http:
        assert (await sso.app.redeem(http, code_of(landed))).status_code == 200
    assert code_of(await authorize(browser, sso))
    assert code_of(await authorize(browser, sso, prompt="none"))
    again = sso.browser()
    assert code_of(await first_time(sso, again, ann)), "on another machine as well"


async def test_who_says_no_goes_back_without_a_code(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    fields = form_of(await first_time(sso, browser, ann))
    landed = await browser.post("/oauth2/consent", **fields, answer="no")
    assert error_of(landed) == "access_denied"
    assert form_of(await authorize(browser, sso))
    assert error_of(await authorize(browser, sso, prompt="none")) == "consent_required"
    assert await sso.pool.fetchval("SELECT count(*) FROM codes") == 0


async def test_more_is_asked_for_anew(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    fields = form_of(await first_time(sso, browser, ann))
    await browser.post("/oauth2/consent", **fields, answer="yes")
    assert code_of(await authorize(browser, sso, scope="openid"))
    more = {"scope": "openid offline_access"}
    assert error_of(await authorize(browser, sso, prompt="none", **more)) == "consent_required"
    page = await authorize(browser, sso, **more)
    assert "while you are away" in page.text
    assert code_of(await browser.post("/oauth2/consent", **form_of(page), answer="yes"))
    both = {"scope": "openid email profile offline_access", "prompt": "none"}
    assert code_of(await authorize(browser, sso, **both))


async def test_an_app_can_have_people_asked_again(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    fields = form_of(await first_time(sso, browser, ann))
    await browser.post("/oauth2/consent", **fields, answer="yes")
    page = await authorize(browser, sso, prompt="consent")
    assert code_of(await browser.post("/oauth2/consent", **form_of(page), answer="yes"))
    sso.app = App("app", "", verifier=sso.app.verifier)
    assert code_of(await authorize(browser, sso, prompt="consent")), "our own apps never ask"


async def test_a_new_sign_in_is_not_asked_for_twice(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    left = await browser.post("/login", email=ann.user_name, **sso.app.request(prompt="login"))
    response = sso.response(request_id_of(left.headers["location"]), ann.user_name)
    answered = await sso.answer(browser, response)
    fields = form_of(await browser.get(answered.headers["location"]))
    assert code_of(await browser.post("/oauth2/consent", **fields, answer="yes"))


@pytest.mark.parametrize(
    "changes", [{"proof": ""}, {"proof": "0" * 64}, {"scope": "openid offline_access"}]
)
async def test_no_other_page_says_yes_for_somebody(sso: SignOn, ann: User, changes: Fields) -> None:
    browser = sso.browser()
    fields = form_of(await first_time(sso, browser, ann))
    page = await browser.post("/oauth2/consent", **(fields | changes), answer="yes")
    assert form_of(page), "asked again"
    assert await sso.pool.fetchval("SELECT count(*) FROM consents") == 0
    assert await sso.pool.fetchval("SELECT count(*) FROM codes") == 0


async def test_a_yes_needs_a_session_and_a_good_request(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    fields = form_of(await first_time(sso, browser, ann))
    async with sso.client() as http:
        page = await http.post("/oauth2/consent", data=fields | {"answer": "yes"})
        assert 'name="email"' in page.text
    other = await browser.post(
        "/oauth2/consent", **(fields | {"redirect_uri": f"{APP}/x"}), answer="yes"
    )
    assert other.status_code == 400
    await sso.state_of(ann, active=False)
    gone = await browser.post("/oauth2/consent", **fields, answer="yes")
    assert 'name="email"' in gone.text
    assert await sso.pool.fetchval("SELECT count(*) FROM consents") == 0


async def test_an_app_of_others_is_registered_by_command(sso: SignOn) -> None:
    base = ("client", "create", "partner", "--redirect-uri", APP)
    assert (await facts(sso, *base, "--consent"))["consent"] is True
