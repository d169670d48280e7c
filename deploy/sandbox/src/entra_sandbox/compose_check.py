"""`python -m entra_sandbox compose-check`: a provisioning life through the Docker stack's gateway.

The stack is up already; `deploy/compose-test.sh` brings it up and takes it down.
"""

import asyncio
import time
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from entra_sandbox.acts import connect, live
from entra_sandbox.catching_up import caught_up
from entra_sandbox.client import Pace, ProvisioningError, ScimClient
from entra_sandbox.compare import comparison_table
from entra_sandbox.compose import ComposeStack
from entra_sandbox.dialect import Dialect
from entra_sandbox.engine import Engine
from entra_sandbox.life import LIFE
from entra_sandbox.people import populate
from entra_sandbox.report import operations_table
from entra_sandbox.stack import StackError

CATCH_UP_WITHIN = 60.0
SEED = 1


def check_compose(compose: Sequence[str], gateway: str, *, users: int, groups: int) -> int:
    """Provision through the gateway in both wordings, compare, and return the exit code."""
    console = Console()
    stack = ComposeStack(compose, gateway)
    try:
        for dialect in Dialect:
            asyncio.run(_one(console, stack, dialect, users=users, groups=groups))
    except (StackError, ProvisioningError) as error:
        console.print(f"[bold red]The check failed:[/] {escape(str(error))}")
        return 1
    console.print("[bold green]Everything is equal.[/]")
    return 0


async def _one(
    console: Console, stack: ComposeStack, dialect: Dialect, *, users: int, groups: int
) -> None:
    tenant = stack.make_tenant(f"{dialect}-{int(time.time()):x}")
    entra = populate(users=users, groups=groups, seed=SEED, domain="contoso.example")
    client = ScimClient(tenant.scim_url, tenant.token, dialect, Pace(100))
    started = time.perf_counter()
    async with client:
        engine = Engine(entra, client)
        await connect(engine, console, SEED)
        await live(engine, console, LIFE, SEED)
    seconds = time.perf_counter() - started
    headline = f"Entra → {tenant.scim_url} ({dialect})"
    console.print(operations_table(client.journal, title=headline, seconds=seconds))
    comparison = await caught_up(stack, tenant.tenant_id, entra, dialect, within=CATCH_UP_WITHIN)
    console.print(comparison_table(comparison, f"Entra and the directory: {tenant.name}"))
    if not engine.ok:
        raise StackError(f"{len(engine.escrow.entries)} objects did not get through")
    if not comparison.equal:
        raise StackError("\n".join(comparison.differences[:10]))
