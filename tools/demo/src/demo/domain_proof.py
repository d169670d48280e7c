"""A tenant proves that it holds a domain: claim, check, publish, check again.

The verifier's own commands and the control API of the DNS zone stand for the tenant's admin.
"""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape

from demo.stack import Stack, StackError, Tenant
from dns_sandbox.client import ZoneClient
from entra_sandbox.runner import print_heading

T = TypeVar("T")

KNOWN_WITHIN = 30.0
CHECKED_WITHIN = 30.0
VERIFIED_WITHIN = 60.0
AUDITED_WITHIN = 30.0
PAUSE = 0.25


class DomainProofError(Exception):
    """The domain was not verified as it should have been."""


async def prove_domain(console: Console, stack: Stack, tenant: Tenant) -> str | None:
    """Claim a domain of the sandbox's zone and have it verified; None where there is no zone."""
    dns = stack.run.get("dns")
    if not dns:
        console.print("  [dim]no domain is claimed: the stack asks resolvers that were given[/]")
        return None
    control = str(dns["control"])
    proof = DomainProof(console, stack, tenant, f"{tenant.name}.{dns['zone']}")
    print_heading(console, "Claim a domain", proof.domain)
    claim = await proof.claim()
    print_heading(console, "The first check", "nothing is published yet")
    await proof.expect_absent()
    print_heading(console, "Publish the record", f"in the zone behind {control}")
    await asyncio.to_thread(publish, control, claim["record_name"], claim["record_value"])
    print_heading(
        console, "Check again", "without DNSSEC two checks, some time apart, have to see it"
    )
    await proof.expect_verified()
    print_heading(console, "What the directory's audit log says of the domain")
    await proof.show_audit()
    return proof.domain


def publish(control: str, name: str, value: str) -> None:
    """Do what the admin does at the DNS provider."""
    with ZoneClient(control) as provider:
        provider.publish(name, value)


class DomainProof:
    """One tenant and one domain."""

    def __init__(self, console: Console, stack: Stack, tenant: Tenant, domain: str) -> None:
        self.domain = domain
        self._console = console
        self._stack = stack
        self._tenant = tenant
        self._outcomes: dict[str, str] = {}
        """By the time of the check."""

    async def claim(self) -> dict[str, Any]:
        """Claim the domain and show the record to publish."""
        claim = await self._until(self._claim, KNOWN_WITHIN, "could not be claimed")
        for name in ("host", "name", "type", "value"):
            self._print(f"{name:<6}{claim[f'record_{name}']}")
        return claim

    async def expect_absent(self) -> None:
        """Wait for the worker's check, which must not find the record."""
        await self._until(self._was_checked, CHECKED_WITHIN, "was not checked")
        if "present" in self._outcomes.values():
            raise DomainProofError(f"{self.domain} was seen before its record was published")

    async def expect_verified(self) -> None:
        """Ask for a check, and wait for the worker's second one."""
        # It may miss the record, or come a moment after the worker's: the deadline decides.
        with suppress(StackError):
            await asyncio.to_thread(self._verifier, "check")
        await self._until(self._is_verified, VERIFIED_WITHIN, "was not verified")
        self._console.print(f"  [bold green]{escape(self.domain)} is verified[/]")

    async def show_audit(self) -> None:
        """Show the directory's rows about the domain once the last one is there."""
        rows = await self._until(self._audit_rows, AUDITED_WITHIN, "is not in the audit log")
        for row in reversed(rows):
            self._print(f"{row['at']}  {row['actor']}  {row['action']}  {row['subject']}")

    def _claim(self) -> dict[str, Any] | None:
        try:
            return self._verifier("claim")
        except StackError as error:
            # The verifier learns of the tenant from the bus.
            if "has not told of it yet" in str(error):
                return None
            raise

    def _was_checked(self) -> bool:
        self._show_checks()
        return bool(self._outcomes)

    def _is_verified(self) -> bool:
        return bool(self._show_checks()["state"] == "verified")

    def _audit_rows(self) -> list[dict[str, Any]] | None:
        listed = self._stack.directory("audit", "list", "--tenant", self._tenant.tenant_id)
        rows = [row for row in listed if str(row["action"]).startswith("domain.")]
        return rows if any("verified" in row["action"] for row in rows) else None

    def _show_checks(self) -> dict[str, Any]:
        """Show the checks that were not shown yet."""
        claim = self._verifier("show")
        for check in reversed(claim["checks"]):
            if check["at"] not in self._outcomes:
                self._outcomes[check["at"]] = check["outcome"]
                self._print(f"{check['outcome']} ({check['reason']}): {check['explanation']}")
        return claim

    def _verifier(self, command: str) -> dict[str, Any]:
        words = (command, self.domain, "--tenant", self._tenant.tenant_id, "--json")
        answer: dict[str, Any] = json.loads(self._stack.command("domain_verifier", *words))
        return answer

    async def _until(self, look: Callable[[], T | None], within: float, what: str) -> T:
        """Return what a look finds as soon as it finds something; raise at the deadline."""
        deadline = time.monotonic() + within
        while not (found := await asyncio.to_thread(look)):
            if time.monotonic() > deadline:
                raise DomainProofError(f"{self.domain} {what} within {within:.0f} s")
            await asyncio.sleep(PAUSE)
        return found

    def _print(self, text: str) -> None:
        self._console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)
