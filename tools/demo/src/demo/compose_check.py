"""`python -m demo compose-check`: a provisioning lifecycle through the Docker stack's gateway.

Then a domain is claimed, checked by the worker, and recorded in the directory's audit log. The
stack is up already; `deploy/compose-test.sh` brings it up and takes it down.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape

from demo.compare import comparison_table
from demo.compose import ComposeStack
from demo.convergence import wait_until_equal
from demo.stack import StackError
from entra_sandbox.client import ProvisioningError, RateLimiter, ScimClient
from entra_sandbox.dialect import Dialect
from entra_sandbox.engine import Engine
from entra_sandbox.job import Job
from entra_sandbox.lifecycle import LIFECYCLE
from entra_sandbox.people import populate
from entra_sandbox.report import operations_table
from entra_sandbox.runner import run_lifecycle, test_connection

CONVERGE_WITHIN = 60.0
SEED = 1
LOOK_EVERY = 0.5

T = TypeVar("T")


def check_compose(compose: Sequence[str], gateway: str, *, users: int, groups: int) -> int:
    """Provision through the gateway in both wordings, compare, and return the exit code."""
    console = Console()
    stack = ComposeStack(compose, gateway)
    try:
        for dialect in Dialect:
            asyncio.run(_provision(console, stack, dialect, users=users, groups=groups))
        _claim_a_domain(console, stack)
    except (StackError, ProvisioningError) as error:
        console.print(f"[bold red]The check failed:[/] {escape(str(error))}")
        return 1
    console.print("[bold green]Everything is equal.[/]")
    return 0


def _claim_a_domain(console: Console, stack: ComposeStack) -> None:
    """Claim a domain that no resolver answers for: the claim must stand, whatever DNS says."""
    tenant = stack.make_tenant(f"domains-{int(time.time()):x}")
    named = ("--tenant", tenant.tenant_id)
    domain = f"{tenant.name}.com"
    _eventually(lambda: stack.verifier("claim", domain, *named), f"{domain} cannot be claimed")

    def checked() -> dict[str, Any] | None:
        claim: dict[str, Any] = stack.verifier("show", domain, *named)
        return claim if claim["checks"] else None

    def audited() -> bool:
        rows = stack.directory("audit", "list", *named)
        return any(row["action"] == "domain.claimed" for row in rows)

    claim = _eventually(checked, f"no worker has looked at {domain}")
    _eventually(audited, f"the directory has not heard of {domain}")
    check = claim["checks"][0]
    seen = f"{check['outcome']} ({check['reason']})"
    console.print(f"{domain}: {claim['state']}, {seen}", markup=False)
    if claim["state"] != "pending":
        raise StackError(f"{domain} is {claim['state']} although no resolver answers")


def _eventually(look: Callable[[], T | None], complaint: str) -> T:
    """Return what a look finds at last; its refusals count as nothing until the deadline."""
    deadline = time.monotonic() + CONVERGE_WITHIN
    while True:
        refused = ""
        try:
            if found := look():
                return found
        except StackError as error:
            refused = f": {error}"
        if time.monotonic() > deadline:
            raise StackError(f"{complaint}{refused}")
        time.sleep(LOOK_EVERY)


async def _provision(
    console: Console, stack: ComposeStack, dialect: Dialect, *, users: int, groups: int
) -> None:
    tenant = stack.make_tenant(f"{dialect}-{int(time.time()):x}")
    entra = populate(users=users, groups=groups, seed=SEED, domain="contoso.example")
    client = ScimClient(tenant.scim_url, tenant.token, dialect, RateLimiter(100))
    started = time.perf_counter()
    async with client:
        engine = Engine(Job(entra, client))
        await test_connection(engine, console, SEED)
        await run_lifecycle(engine, console, LIFECYCLE, SEED)
    seconds = time.perf_counter() - started
    headline = f"Entra → {tenant.scim_url} ({dialect})"
    console.print(operations_table(client.request_log, title=headline, seconds=seconds))
    comparison = await wait_until_equal(
        stack, tenant.tenant_id, entra, dialect, within=CONVERGE_WITHIN
    )
    console.print(comparison_table(comparison, f"Entra and the directory: {tenant.name}"))
    if not engine.ok:
        raise StackError(f"{len(engine.retry_queue.entries)} objects did not get through")
    if not comparison.equal:
        raise StackError("\n".join(comparison.differences[:10]))
