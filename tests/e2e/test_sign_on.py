"""The whole way of a person, in a real browser: app, sign-on, identity provider on another site."""

import asyncio
import time
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Page, expect
from rich.console import Console

from chassis.ids import uuid7
from demo.browser import Browser, text_of
from demo.domain_proof import prove_domain
from demo.sign_on import Employee, SignOn
from demo.stack import Stack
from idp_sandbox.__main__ import TENANT_ID
from idp_sandbox.client import EntraAdmin
from support.chromium import chromium_page
from support.waiting import eventually

pytestmark = pytest.mark.timeout(240)


class Company:
    """A tenant whose connection is active, and Ann, who is provisioned."""

    def __init__(self, stack: Stack) -> None:
        console = Console(quiet=True)
        self.tenant = stack.make_tenant(f"sign-on-{uuid7().hex}")
        domain = asyncio.run(prove_domain(console, stack, self.tenant))
        assert domain is not None
        self.sign_on = SignOn(console, stack, self.tenant, domain)
        self.domain = domain
        self.ann = self.sign_on.provision("Ann", "Example")
        self.sign_on.test(self.sign_on.connect(), self.ann)

    async def add(self, given_name: str) -> Employee:
        """Provision somebody, and wait until they get in."""
        added = await asyncio.to_thread(self.sign_on.provision, given_name, "Example")

        def gets_in() -> bool:
            with Browser(added.email, added.email) as browser:
                return browser.sign_in(f"{self.sign_on.app}/login").is_success

        await eventually(lambda: asyncio.to_thread(gets_in), within=20, every=0.2)
        return added

    def assign(self, *people: str) -> None:
        """Let these people alone use the application in Entra; nobody named is everybody."""
        known = httpx.get(f"{self.sign_on.identity_provider}/control/tenant", trust_env=False)
        application = next(
            each for each in known.json()["applications"] if each["app_id"] == self.tenant.tenant_id
        )
        with EntraAdmin(self.sign_on.identity_provider) as entra:
            entra.keep_application(
                self.tenant.tenant_id,
                entity_id=application["entity_id"],
                acs_url=application["acs_url"],
                logout_url=application["logout_url"],
                assigned=list(people) or None,
            )


@pytest.fixture(scope="module")
def company(stack: Stack) -> Company:
    return Company(stack)


async def go_to_entra(page: Page, company: Company, email: str) -> None:
    await page.goto(f"{company.sign_on.app}/")
    await page.get_by_role("link", name="Sign in").click()
    await page.get_by_label("Work e-mail address").fill(email)
    await page.get_by_role("button", name="Continue").click()
    await expect(page).to_have_title("Pick an account · Sandbox Entra")


async def sign_in(page: Page, company: Company, who: Employee) -> None:
    await go_to_entra(page, company, who.email)
    await page.get_by_role("button", name=who.email).click()


async def test_a_person_gets_in_and_is_out_once_disabled(company: Company) -> None:
    eve = await company.add("Eve")
    async with chromium_page() as page:
        await sign_in(page, company, eve)
        await expect(page.get_by_role("heading", name="Hello Eve Example")).to_be_visible()
        # The session at sign-on lets the same browser in without anything being asked.
        await page.goto(f"{company.sign_on.app}/login")
        await expect(page.get_by_role("heading", name="Hello Eve Example")).to_be_visible()
        await asyncio.to_thread(company.sign_on.disable, eve)

        async def is_out() -> bool:
            await page.goto(f"{company.sign_on.app}/")
            return await page.get_by_text("You are signed out").is_visible()

        await eventually(is_out, within=10)
        await page.goto(f"{company.sign_on.app}/login")
        await page.get_by_label("Work e-mail address").fill(eve.email)
        await page.get_by_role("button", name="Continue").click()
        # Entra does not know of it yet, and lets this browser pass.
        await expect(page.get_by_text("Your account is switched off.")).to_be_visible()


async def test_b2_a_person_gets_in_from_another_site_without_javascript(company: Company) -> None:
    """B2: where both are one site, a browser brings cookies that it does not bring in life."""
    async with chromium_page(javascript=False) as page:
        await page.goto(f"{company.sign_on.app}/login")
        login = urlsplit(page.url).hostname
        await go_to_entra(page, company, company.ann.email)
        assert urlsplit(page.url).hostname != login
        await page.get_by_role("button", name=company.ann.email).click()
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("heading", name="Hello Ann Example")).to_be_visible()


async def test_a_tile_of_my_apps_leads_into_the_app(company: Company) -> None:
    async with chromium_page() as page:
        launch = f"{company.sign_on.identity_provider}/launch/{company.tenant.tenant_id}"
        await page.goto(launch.replace("/launch", f"/{TENANT_ID}/launch"))
        await page.get_by_role("button", name=company.ann.email).click()
        # What nobody asked for signs nobody in: the app begins anew, and Entra knows this browser.
        await expect(page.get_by_label("Work e-mail address")).to_have_value(company.ann.email)
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("heading", name="Hello Ann Example")).to_be_visible()


async def test_who_signs_out_at_entra_is_out_of_the_app(company: Company) -> None:
    """In a frame of another site, hence without any cookie of ours."""
    fay = await company.add("Fay")
    async with chromium_page() as page:
        await sign_in(page, company, fay)
        await expect(page.get_by_role("heading", name="Hello Fay Example")).to_be_visible()
        await page.goto(f"{company.sign_on.identity_provider}/")
        await page.get_by_role("link", name="Sign out").click()
        await expect(page.get_by_text("You signed out of your account")).to_be_visible()

        async def is_out() -> bool:
            await page.goto(f"{company.sign_on.app}/")
            return await page.get_by_text("You are signed out").is_visible()

        await eventually(is_out, within=10)


async def test_no_page_of_the_way_is_wider_than_a_phone(company: Company) -> None:
    async with chromium_page() as page:
        await page.set_viewport_size({"width": 320, "height": 640})
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        await page.goto(f"{company.sign_on.app}/login")
        assert await page.evaluate(overflow) <= 0
        await go_to_entra(page, company, company.ann.email)
        assert await page.evaluate(overflow) <= 0
        await page.get_by_role("button", name=company.ann.email).click()
        await expect(page.get_by_role("heading", name="Hello Ann Example")).to_be_visible()
        assert await page.evaluate(overflow) <= 0


def look_again(browser: Browser, waiting: httpx.Response) -> httpx.Response:
    """Come again as the page says, until it is over."""
    deadline = time.monotonic() + 30
    answer = waiting
    while "refresh" in answer.headers and time.monotonic() < deadline:
        seconds, _, url = answer.headers["refresh"].partition("; url=")
        time.sleep(int(seconds))
        answer = browser.get(url)
    return answer


def test_entra_shows_its_own_errors_and_sign_on_its_own(company: Company) -> None:
    sign_on, stranger = company.sign_on, f"mallory@{company.domain}"
    with EntraAdmin(sign_on.identity_provider) as entra:
        entra.keep_person(stranger, email=stranger)
        with Browser(stranger, stranger) as browser:
            waiting = browser.sign_in(f"{sign_on.app}/login")
            unknown = look_again(browser, waiting)
        company.assign(company.ann.email)
        with Browser(stranger, stranger) as browser:
            unassigned = browser.sign_in(f"{sign_on.app}/login")
        company.assign()
    assert "We are still setting up your account" in text_of(waiting)
    assert unknown.status_code == 403
    assert "You are not signed in" in text_of(unknown)
    assert unassigned.status_code == 400
    assert "AADSTS50105" in text_of(unassigned)
