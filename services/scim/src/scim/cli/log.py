"""`log`: what came from a tenant's identity provider, and what was answered."""

from typing import Annotated, Any

import typer

from chassis.cli import Json, TenantOption, print_rows
from scim.cli.durations import parse_duration
from scim.cli.runtime import Runner, UseCases
from scim.usecases.log_entry import LogEntry

COLUMNS = (
    "time",
    "operation",
    "name",
    "resource_id",
    "status",
    "scim_type",
    "sentence",
    "dropped_attributes",
    "correlation_id",
)


def add_log_command(app: typer.Typer, run: Runner) -> None:
    """Add the command."""

    @app.command(name="log")
    def show_log(
        tenant: TenantOption,
        errors: Annotated[bool, typer.Option("--errors", help="Only what failed.")] = False,
        since: Annotated[str, typer.Option(help="How far back: 30m, 1h, 7d.")] = "24h",
        limit: Annotated[int, typer.Option(min=1, max=100_000, help="Newest rows at most.")] = 200,
        as_json: Json = False,
    ) -> None:
        """Show a tenant's provisioning log, the newest row last."""

        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            back = parse_duration(since, "--since")
            owner = await use_cases.find_tenant(tenant)
            start = use_cases.clock.now() - back
            entries = await use_cases.entries.newest(
                owner.tenant_id, since=start, errors=errors, limit=limit
            )
            return [_facts(entry) for entry in entries]

        print_rows(run(command), columns=COLUMNS, as_json=as_json)


def _facts(entry: LogEntry) -> dict[str, Any]:
    return {
        "time": entry.occurred_at,
        "operation": entry.operation,
        "resource_type": entry.resource_type,
        "resource_id": entry.resource_id,
        "name": entry.resource_name,
        "status": entry.status,
        "scim_type": entry.scim_type,
        "sentence": entry.detail,
        "dropped_attributes": entry.dropped,
        "correlation_id": entry.correlation_id,
    }
