"""`log`: what came from a tenant's identity provider, and what was answered."""

from typing import Annotated, Any

import typer

from chassis.cli import Json, TenantOption, print_rows
from scim.cli.durations import parse_duration
from scim.cli.runtime import Desk, Runner
from scim.usecases.call import Call

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

        async def command(desk: Desk) -> list[dict[str, Any]]:
            back = parse_duration(since, "--since")
            owner = await desk.find_tenant(tenant)
            start = desk.clock.now() - back
            calls = await desk.entries.newest(owner.id, since=start, errors=errors, limit=limit)
            return [_facts(call) for call in calls]

        print_rows(run(command), columns=COLUMNS, as_json=as_json)


def _facts(call: Call) -> dict[str, Any]:
    return {
        "time": call.occurred_at,
        "operation": call.operation,
        "resource_type": call.resource_type,
        "resource_id": call.resource_id,
        "name": call.resource_name,
        "status": call.status,
        "scim_type": call.scim_type,
        "sentence": call.detail,
        "dropped_attributes": call.dropped,
        "correlation_id": call.correlation_id,
    }
