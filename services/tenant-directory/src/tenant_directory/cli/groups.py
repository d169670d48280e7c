"""`group …`: show groups; they are kept in the identity provider."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from chassis.cli import Facts, Json, Limit, Runner, TenantOption, print_facts, print_stream
from tenant_directory.cli.facts import group_facts
from tenant_directory.domain.group import Group
from tenant_directory.usecases.use_cases import UseCases

Members = Annotated[
    bool, typer.Option("--members", help="With the id and user name of every member.")
]
COLUMNS = ("display_name", "id", "members", "external_id")


class GroupCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def list(
        self,
        tenant: TenantOption,
        members: Members = False,
        limit: Limit = 100,
        as_json: Json = False,
    ) -> None:
        """List the tenant's groups, oldest first."""

        async def command(use_cases: UseCases) -> None:
            found = await use_cases.get_tenant(tenant)

            async def rows() -> AsyncIterator[Facts]:
                async for summary in use_cases.list_groups(found.tenant_id):
                    shown: Any = summary.members
                    if members:
                        shown = await self._members(use_cases, summary.group, as_json)
                    yield {**group_facts(summary.group), "members": shown}

            await print_stream(rows(), columns=COLUMNS, limit=limit, as_json=as_json)

        self._run(command)

    def show(
        self,
        group: Annotated[str, typer.Argument(metavar="GROUP", help="The display name or id.")],
        tenant: TenantOption,
        as_json: Json = False,
    ) -> None:
        """Show one group with its members."""

        async def command(use_cases: UseCases) -> None:
            found = await use_cases.get_group(tenant, group)
            members = await self._members(use_cases, found, as_json)
            print_facts({**group_facts(found), "members": members}, as_json=as_json)

        self._run(command)

    async def _members(self, use_cases: UseCases, group: Group, as_json: bool) -> Any:
        listed = use_cases.list_members(group.tenant_id, group.group_id)
        if as_json:
            return [{"id": each.user_id, "user_name": each.user_name} async for each in listed]
        return [each.user_name async for each in listed]


def group_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `group` commands."""
    commands = GroupCommands(run)
    app = typer.Typer(help="Groups of a tenant, and their members.", no_args_is_help=True)
    app.command("list")(commands.list)
    app.command("show")(commands.show)
    return app
