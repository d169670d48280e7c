"""`audit …`: who did what to a tenant."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from chassis.cli import Facts, Json, Runner, TenantOption, print_line, print_stream
from tenant_directory.cli.facts import audit_facts
from tenant_directory.usecases.use_cases import UseCases

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
BEGINNING, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
COLUMNS = ("at", "actor", "action", "subject", "details")


class AuditCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def list(
        self,
        tenant: TenantOption,
        limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many entries.")] = 50,
        as_json: Json = False,
    ) -> None:
        """List the newest entries of a tenant's audit log."""

        async def command(use_cases: UseCases) -> None:
            records = await use_cases.list_audit_records(tenant, limit=limit)

            async def rows() -> AsyncIterator[Facts]:
                for record in records:
                    yield audit_facts(record)

            await print_stream(rows(), columns=COLUMNS, limit=0, as_json=as_json)

        self._run(command)

    def export(
        self,
        tenant: TenantOption,
        since: Annotated[
            datetime, typer.Option(formats=FORMATS, help="From this moment on, UTC.")
        ] = BEGINNING,
        until: Annotated[
            datetime, typer.Option(formats=FORMATS, help="Until before this moment, UTC.")
        ] = END,
    ) -> None:
        """Print a tenant's audit log of some time as JSON Lines, oldest first."""

        async def command(use_cases: UseCases) -> None:
            records = await use_cases.export_audit_records(
                tenant, since=since.replace(tzinfo=UTC), until=until.replace(tzinfo=UTC)
            )
            async for record in records:
                print_line(audit_facts(record))

        self._run(command)


def audit_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `audit` commands."""
    app = typer.Typer(help="The audit log of a tenant.", no_args_is_help=True)
    commands = AuditCommands(run)
    app.command("list")(commands.list)
    app.command("export")(commands.export)
    return app
