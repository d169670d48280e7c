"""`log`: what came from a tenant's identity provider, and what was answered."""

from typing import Annotated, Any

import typer

from chassis.cli import Json, Runner, TenantOption, print_rows
from scim.cli.durations import parse_duration
from scim.cli.facts import LOG_COLUMNS, log_facts
from scim.usecases.use_cases import UseCases


class ProvisioningLogCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def show(
        self,
        tenant: TenantOption,
        errors: Annotated[bool, typer.Option("--errors", help="Only what failed.")] = False,
        since: Annotated[str, typer.Option(help="How far back: 30m, 1h, 7d.")] = "24h",
        limit: Annotated[int, typer.Option(min=1, max=100_000, help="Newest rows at most.")] = 200,
        as_json: Json = False,
    ) -> None:
        """Show a tenant's provisioning log, the newest row last."""

        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            back = parse_duration(since, "--since")
            found = await use_cases.find_tenant(tenant)
            entries = await use_cases.read_provisioning_log(
                found, back=back, errors=errors, limit=limit
            )
            return [log_facts(entry) for entry in entries]

        print_rows(self._run(command), columns=LOG_COLUMNS, as_json=as_json)


def provisioning_log_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `log` command."""
    app = typer.Typer()
    app.command("log")(ProvisioningLogCommands(run).show)
    return app
