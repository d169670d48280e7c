"""A tenant's people sign in: a connection to the sandbox's Entra, a test, an app, a deprovisioning.

The commands of `sso`, the control API of the sandbox and a browser stand for the tenant's admin and
for its people.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from rich.console import Console
from rich.markup import escape

from demo.browser import Browser, text_of
from demo.errors import DemoError
from demo.stack import Stack, StackError, Tenant
from entra_sandbox.runner import print_heading
from idp_sandbox.client import EntraAdmin

T = TypeVar("T")

KNOWN_WITHIN = 30.0
REFUSED_WITHIN = 30.0
PAUSE = 0.25
POLL_SECONDS = 0.002
SCIM_TYPE = "application/scim+json"
ROLLOVER_SIGN_INS = 3


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who signs in."""

    display_name: str
    email: str
    scim_id: str = ""


class SignOn:
    """One tenant's sign-on."""

    def __init__(self, console: Console, stack: Stack, tenant: Tenant, domain: str) -> None:
        self._console = console
        self._stack = stack
        self._tenant = tenant
        self._domain = domain
        sandbox = stack.run["sign_on"]
        self.app = str(sandbox["app"])
        self.identity_provider = str(sandbox["identity_provider"])

    def provision(self, given_name: str, family_name: str) -> Employee:
        """Let somebody be in Entra, and by SCIM in Portico too."""
        display_name = f"{given_name} {family_name}"
        email = f"{given_name}.{family_name}@{self._domain}".lower()
        with EntraAdmin(self.identity_provider) as entra:
            object_id = entra.keep_person(
                email,
                display_name=display_name,
                email=email,
                given_name=given_name,
                family_name=family_name,
            )
        user = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": email,
            "externalId": object_id,
            "displayName": display_name,
            "name": {"givenName": given_name, "familyName": family_name},
            "emails": [{"type": "work", "value": email, "primary": True}],
            "active": True,
        }
        made = self._scim("POST", "/Users", user)
        return Employee(display_name, email, str(made["id"]))

    def connect(self) -> str:
        """Make a connection and tell both sides of each other; return its id."""
        made = self._until(self._create, "does not know the tenant")
        with EntraAdmin(self.identity_provider) as entra:
            application = entra.keep_application(
                self._app_id,
                name=f"Portico for {self._tenant.name}",
                entity_id=made["entity_id"],
                acs_url=made["acs_url"],
                sign_on_url=f"{self.app}/login",
                logout_url=made["slo_url"],
            )
        self._print(f"entity ID  {made['entity_id']}")
        self._print(f"reply URL  {made['acs_url']}")
        self._print(f"metadata   {application['metadata_url']}")
        self._sso("connection", "set-metadata", str(made["id"]), application["metadata_url"])
        client = json.loads((Path(self._stack.run["data"]) / "demo-app.json").read_text())
        self._sso("connection", "default-client", str(made["id"]), client["client_id"])
        return str(made["id"])

    def test(self, connection: str, who: Employee) -> None:
        """Sign in once by what was set, as an admin does, and activate it."""

        def passes() -> bool:
            url = self._sso("connection", "test", connection)["open"]
            with Browser(who.email, who.email) as browser:
                answer = browser.sign_in(str(url))
            # Until the directory has told sso of the user.
            return answer.is_success and who.email in text_of(answer)

        self._until(passes, "did not pass its test")
        self._sso("connection", "activate", connection)

    def sign_in(self, browser: Browser, who: Employee) -> float:
        """Sign somebody in to the app; return the seconds it took."""
        began = time.monotonic()
        answer = browser.sign_in(f"{self.app}/login")
        took = time.monotonic() - began
        words = text_of(answer)
        if not answer.is_success or f"Hello {who.display_name}" not in words:
            raise DemoError(f"{who.email} did not get into the app: {words[:300]}")
        return took

    def roll_over(self, connection: str, who: Employee) -> int:
        """Let a certificate sign that is new; return how many sign-ins were fine around it."""
        with EntraAdmin(self.identity_provider) as entra:
            entra.add_certificate(self._app_id)
            # The worker does it every day; Entra lists a certificate long before it signs.
            self._sso("connection", "refresh", connection)
            for turn in range(2 * ROLLOVER_SIGN_INS):
                if turn == ROLLOVER_SIGN_INS:
                    entra.activate_certificate(self._app_id)
                with Browser(who.email, who.email) as browser:
                    self.sign_in(browser, who)
        return 2 * ROLLOVER_SIGN_INS

    def deprovision(self, browser: Browser, who: Employee) -> float:
        """Disable somebody by SCIM; return the seconds from its answer until the app refuses."""
        if not browser.get(f"{self.app}/me").is_success:
            raise DemoError(f"{who.email} was out before being disabled")
        self.disable(who)
        answered = time.monotonic()
        while True:
            asked = time.monotonic()
            if browser.get(f"{self.app}/me").status_code == httpx.codes.UNAUTHORIZED:
                # The request that was refused had been sent then.
                return max(0.0, asked - answered)
            if asked > answered + REFUSED_WITHIN:
                raise DemoError(f"the app still lets {who.email} in")
            time.sleep(POLL_SECONDS)

    def disable(self, who: Employee) -> None:
        """Let SCIM say that somebody is inactive, as Entra does."""
        change = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "Replace", "path": "active", "value": "False"}],
        }
        self._scim("PATCH", f"/Users/{who.scim_id}", change)

    def expect_refused(self, browser: Browser, who: Employee) -> str:
        """Try to sign somebody in who may not; return what the page says."""
        answer = browser.sign_in(f"{self.app}/login")
        words = text_of(answer)
        if answer.is_success:
            raise DemoError(f"{who.email} got in again: {words[:300]}")
        return words

    @property
    def _app_id(self) -> str:
        return self._tenant.tenant_id

    def _create(self) -> dict[str, Any] | None:
        try:
            return self._sso("connection", "create", "--tenant", self._tenant.tenant_id)
        except StackError as error:
            # sso learns of the tenant from the bus.
            if "tenant" in str(error):
                return None
            raise

    def _sso(self, *arguments: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._stack.command("sso", *arguments, "--json"))
        return answer

    def _scim(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.request(
            method,
            f"{self._tenant.scim_url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._tenant.token}", "Content-Type": SCIM_TYPE},
            timeout=10,
            trust_env=False,
        )
        if not answer.is_success:
            raise DemoError(f"SCIM answered {method} {path} with {answer.status_code}")
        return dict(answer.json()) if answer.content else {}

    def _until(self, look: Callable[[], T | None], what: str) -> T:
        deadline = time.monotonic() + KNOWN_WITHIN
        while not (found := look()):
            if time.monotonic() > deadline:
                raise DemoError(f"sso {what} within {KNOWN_WITHIN:.0f} s")
            time.sleep(PAUSE)
        return found

    def _print(self, text: str) -> None:
        self._console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)


async def show_sign_on(console: Console, stack: Stack, tenant: Tenant, domain: str) -> None:
    """Connect, test, sign in, roll a certificate over, deprovision; raise where it is not so."""
    await asyncio.to_thread(_show, console, stack, tenant, domain)


def _show(console: Console, stack: Stack, tenant: Tenant, domain: str) -> None:
    if not stack.run.get("sign_on"):
        console.print("  [dim]nobody signs in: the stack is none for development[/]")
        return
    sign_on = SignOn(console, stack, tenant, domain)
    print_heading(console, "Connect sign-on", "a SAML connection, and an application in Entra")
    ann, bob = sign_on.provision("Ann", "Example"), sign_on.provision("Bob", "Example")
    connection = sign_on.connect()
    print_heading(console, "Test and activate it", "a real sign-in by exactly this metadata")
    sign_on.test(connection, ann)
    print_heading(console, "Sign in to the app", f"{sign_on.app} → sso → Entra → sso → app")
    with Browser(ann.email, ann.email) as browser:
        seconds = sign_on.sign_in(browser, ann)
        console.print(f"  [bold green]{escape(ann.email)} is in[/] [dim]after {seconds:.2f} s[/]")
        print_heading(console, "Entra's certificate changes", "its metadata told before")
        count = sign_on.roll_over(connection, bob)
        console.print(f"  {count} sign-ins before and after, none failed")
        print_heading(console, f"Disable {ann.email} in Entra", "SCIM sets active=false")
        latency = sign_on.deprovision(browser, ann)
        console.print(
            f"  [bold green]the app refused {latency * 1000:.0f} ms after SCIM's answer[/]"
        )
        words = sign_on.expect_refused(browser, ann)
        console.print(f"  {escape(words[:160])}", highlight=False)
