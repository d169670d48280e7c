"""`tenant set`: what operators set for one tenant."""

from typing import Annotated, Any

import typer

from chassis.cli import Json, Runner, TenantOption, print_facts
from scim.usecases.use_cases import UseCases


class TenantCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def set(
        self,
        tenant: TenantOption,
        strict: Annotated[
            bool,
            typer.Option(
                "--strict/--no-strict",
                help="Refuse what the RFCs do not have instead of tolerating it. Not for Entra.",
            ),
        ],
        as_json: Json = False,
    ) -> None:
        """Set how a tenant's client is read; in force within 5 s."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.find_tenant(tenant)
            await use_cases.read_strictly(found, strict=strict)
            return {"tenant": found.name, "tenant_id": found.tenant_id, "strict": strict}

        print_facts(self._run(command), as_json=as_json)


def tenant_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `tenant` commands."""
    app = typer.Typer(help="What is set for one tenant.", no_args_is_help=True)
    app.command("set")(TenantCommands(run).set)
    return app
