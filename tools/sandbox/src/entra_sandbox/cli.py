"""The commands: a whole provisioning lifecycle, the connection test, or one user on demand."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape

from entra_sandbox.client import ProvisioningError, RateLimiter, ScimClient
from entra_sandbox.dialect import Dialect
from entra_sandbox.engine import Engine
from entra_sandbox.job import Job
from entra_sandbox.lifecycle import LIFECYCLE
from entra_sandbox.people import make_user, populate
from entra_sandbox.report import operations_table, retry_queue_table
from entra_sandbox.runner import run_lifecycle, test_connection
from entra_sandbox.source import Entra, SourceGroup

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="An Entra-like provisioning client for any SCIM URL.",
)

Url = Annotated[str, typer.Option(help="Tenant URL, as an admin enters it in Entra.")]
Token = Annotated[str, typer.Option(envvar="SCIM_TOKEN", help="Secret token (or SCIM_TOKEN).")]
Wording = Annotated[Dialect, typer.Option("--dialect", help="How changes are worded.")]
Seed = Annotated[int, typer.Option(help="The same seed makes the same people.")]
Rate = Annotated[float, typer.Option(min=0, help="Requests per second; 0 for no limit.")]
Domain = Annotated[str, typer.Option(help="Domain of the UPNs.")]


@app.command()
def provision(
    url: Url,
    token: Token,
    users: Annotated[int, typer.Option(min=1, max=100_000)] = 200,
    groups: Annotated[int, typer.Option(min=0, max=10_000)] = 10,
    dialect: Wording = Dialect.VERBOSE,
    seed: Seed = 1,
    rate: Rate = 50,
    concurrency: Annotated[int, typer.Option(min=1, max=64)] = 8,
    retries: Annotated[int, typer.Option(min=0, help="Rounds of retries for what failed.")] = 3,
    initial_only: Annotated[bool, typer.Option(help="Stop after the initial cycle.")] = False,
    domain: Domain = "contoso.example",
) -> None:
    """Run a provisioning lifecycle: initial cycle, changes, disable, restore, deletions."""
    entra = populate(users=users, groups=groups, seed=seed, domain=domain)
    steps = LIFECYCLE[:1] if initial_only else LIFECYCLE

    async def script(engine: Engine, console: Console) -> None:
        await test_connection(engine, console, seed)
        await run_lifecycle(engine, console, steps, seed)

    client = ScimClient(url, token, dialect, RateLimiter(rate), connections=concurrency)
    engine = Engine(Job(entra, client), concurrency=concurrency, retries=retries)
    _run(engine, f"Entra → {url} ({dialect})", script)


@app.command("test-connection")
def check_connection(
    url: Url, token: Token, dialect: Wording = Dialect.VERBOSE, seed: Seed = 1
) -> None:
    """Press Entra's button "Test Connection"."""
    engine = Engine(Job(Entra(), ScimClient(url, token, dialect, RateLimiter(0))))

    async def script(engine: Engine, console: Console) -> None:
        await test_connection(engine, console, seed)

    _run(engine, f"Test connection to {url}", script)


@app.command("on-demand")
def on_demand(
    url: Url,
    token: Token,
    user_name: Annotated[str, typer.Option(help="UPN of the user to provision.")] = "",
    group: Annotated[str, typer.Option(help="Also put the user into this group.")] = "",
    disable: Annotated[bool, typer.Option(help="Provision the user as disabled.")] = False,
    dialect: Wording = Dialect.VERBOSE,
    seed: Seed = 1,
    domain: Domain = "contoso.example",
) -> None:
    """Provision one user (and one group) at once; an existing one is matched and updated."""
    entra = Entra()
    rng = random.Random(seed)
    user = make_user(rng, 1, domain)
    user.account_enabled = not disable
    if user_name:
        user.upn = user.mail = user_name
        user.mail_nickname = user_name.partition("@")[0]
    entra.add_user(user)
    object_ids = [user.object_id]
    if group:
        team = SourceGroup(str(UUID(bytes=rng.randbytes(16), version=4)), group, {user.object_id})
        entra.add_group(team)
        object_ids.append(team.object_id)

    async def script(engine: Engine, console: Console) -> None:
        for object_id in object_ids:
            await engine.on_demand(object_id)
        console.print(f"  {escape(user.upn)} → {engine.job.entra.links.get(user.object_id, '?')}")

    _run(
        Engine(Job(entra, ScimClient(url, token, dialect, RateLimiter(0)))),
        "Provision on demand",
        script,
    )


def _run(
    engine: Engine, headline: str, script: Callable[[Engine, Console], Awaitable[None]]
) -> None:
    console = Console()
    started = time.perf_counter()
    failure = ""

    async def main() -> None:
        async with engine.job.client:
            await script(engine, console)

    try:
        asyncio.run(main())
    except ProvisioningError as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = "interrupted"
    seconds = time.perf_counter() - started
    console.print(operations_table(engine.job.client.request_log, title=headline, seconds=seconds))
    if engine.retry_queue.entries:
        console.print(retry_queue_table(engine.retry_queue))
    console.print(engine.summary, markup=False)
    if failure:
        console.print(f"[red]failed:[/] {escape(failure)}")
    if failure or not engine.ok:
        raise typer.Exit(1)
