"""The demo: a provisioning lifecycle on the real stack, in both wordings, a domain, sign-on.

It ends with exit code 0 only when every request got through, the directory equals "Entra", the
domain is verified, and people get into an app, and out.
"""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.compare import comparison_table
from demo.convergence import wait_until_equal
from demo.domain_proof import DomainProofError, prove_domain
from demo.errors import DemoError
from demo.sign_on import show_sign_on
from demo.stack import Stack, StackError, Tenant, interrupted_by_sigterm, running_stack
from demo.visibility import probe_visibility
from entra_sandbox.client import ProvisioningError, RateLimiter, ScimClient
from entra_sandbox.dialect import Dialect
from entra_sandbox.engine import Engine
from entra_sandbox.job import Job
from entra_sandbox.lifecycle import LIFECYCLE
from entra_sandbox.people import populate
from entra_sandbox.report import operations_table, retry_queue_table
from entra_sandbox.request_log import percentile
from entra_sandbox.runner import print_heading, run_lifecycle, test_connection

CONVERGE_WITHIN = 30.0
DIFFERENCES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Company:
    """One customer of the demo."""

    name: str
    domain: str
    dialect: Dialect
    users: int
    groups: int
    proves_domain: bool = False


COMPANIES = (
    Company("contoso", "contoso.example", Dialect.VERBOSE, 200, 10, proves_domain=True),
    # The same people's names as the first: what belongs to one tenant is invisible to the other.
    Company("fabrikam", "contoso.example", Dialect.COMPACT, 60, 6),
)


def run_demo(*, run_file: Path | None, rate: float, seed: int, keep: bool) -> int:
    """Run the demo and return its exit code."""
    console = Console()
    try:
        with interrupted_by_sigterm(), _stack(console, run_file) as stack:
            asyncio.run(_provision_all(console, stack, rate=rate, seed=seed))
            if keep:
                _wait_for_interrupt(console)
    except (DemoError, DomainProofError, StackError, ProvisioningError) as error:
        console.print(f"\n[bold red]The demo failed:[/] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted; everything is stopped.")
        return 130
    console.print("[bold green]Everything is equal.[/]")
    return 0


@contextmanager
def _stack(console: Console, run_file: Path | None) -> Iterator[Stack]:
    what = "the given one" if run_file else "PostgreSQL, Apache Kafka and the services"
    print_heading(console, "The stack", what)
    started = time.perf_counter()
    with running_stack(run_file) as stack:
        console.print(f"  [dim]up after {time.perf_counter() - started:.1f} s[/]")
        yield stack
        if run_file is None:
            print_heading(console, "Stopping the stack")


async def _provision_all(console: Console, stack: Stack, *, rate: float, seed: int) -> None:
    unique = f"{int(time.time()):x}"
    seconds: list[float] = []
    for company in COMPANIES:
        tenant = stack.make_tenant(f"{company.name}-{unique}")
        console.rule(f"[bold]{company.name}[/]: {company.users} users, {company.groups} groups")
        seconds += await _provision_company(console, stack, tenant, company, rate=rate, seed=seed)
        if company.proves_domain:
            domain = await prove_domain(console, stack, tenant)
            if domain is not None:
                await show_sign_on(console, stack, tenant, domain)
    _print_latency(console, seconds)
    _print_addresses(console, stack)


async def _provision_company(
    console: Console, stack: Stack, tenant: Tenant, company: Company, *, rate: float, seed: int
) -> list[float]:
    entra = populate(users=company.users, groups=company.groups, seed=seed, domain=company.domain)
    client = ScimClient(tenant.scim_url, tenant.token, company.dialect, RateLimiter(rate))
    started = time.perf_counter()
    async with client, probe_visibility(stack.directory_dsn, UUID(tenant.tenant_id)) as probe:
        engine = Engine(Job(entra, client, observer=probe))
        await test_connection(engine, console, seed)
        await run_lifecycle(engine, console, LIFECYCLE, seed)
        spent = time.perf_counter() - started
        all_seen = await probe.wait_until_seen(CONVERGE_WITHIN)
    headline = f"Entra → {tenant.scim_url} ({company.dialect})"
    console.print(operations_table(client.request_log, title=headline, seconds=spent))
    console.print(f"  {escape(engine.summary)}")
    comparison = await wait_until_equal(
        stack, tenant.tenant_id, entra, company.dialect, within=CONVERGE_WITHIN
    )
    console.print(comparison_table(comparison, f"Entra and the directory: {company.name}"))
    for difference in comparison.differences[:DIFFERENCES_SHOWN]:
        console.print(f"  {difference}", markup=False)
    if engine.retry_queue.entries:
        console.print(retry_queue_table(engine.retry_queue))
    if not engine.ok:
        raise DemoError(f"{len(engine.retry_queue.entries)} objects did not get through")
    if not comparison.equal:
        raise DemoError(f"{len(comparison.differences)} differences between Entra and directory")
    if not all_seen:
        raise DemoError(f"{probe.waiting} answered changes were never seen in the directory")
    return probe.seconds


def _print_latency(console: Console, seconds: list[float]) -> None:
    table = Table(title="SCIM answer → visible in the directory", title_justify="left")
    for name in ("changes of users", "p50 ms", "p99 ms", "worst ms"):
        table.add_column(name, justify="right")
    figures = [percentile(seconds, 50), percentile(seconds, 99), max(seconds, default=0.0)]
    table.add_row(str(len(seconds)), *(f"{figure * 1000:.1f}" for figure in figures))
    console.print(table)
    console.print(
        "  [dim]measured: from the arrival of the answer at the client until a read-only "
        "connection to the directory's database sees the change, asking every 2 ms[/]"
    )


def _print_addresses(console: Console, stack: Stack) -> None:
    hint = "To explore, while it is up (KEEP=1 make demo stays up, make up starts another)"
    table = Table(title=hint, title_justify="left", show_header=False)
    for name, address in stack.addresses.items():
        table.add_row(name, address)
    console.print(table)


def _wait_for_interrupt(console: Console) -> None:
    console.print("KEEP=1: the stack stays up until Ctrl-C.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print()
