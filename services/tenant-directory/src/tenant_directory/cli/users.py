"""`user …`: show users, create them by hand, give them roles."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from chassis.cli import Facts, Json, Limit, Runner, TenantOption, actor, print_facts, print_stream
from tenant_directory.cli.facts import describe_access, user_facts
from tenant_directory.domain.tenant import parse_role
from tenant_directory.domain.user import Profile, UserStatus
from tenant_directory.usecases.use_cases import UseCases
from tenant_directory.usecases.users import RoleChoice

UserArgument = Annotated[
    str, typer.Argument(metavar="USER", help="The user name or id.", show_default=False)
]
COLUMNS = ("user_name", "id", "status", "role", "origin", "groups", "email")


class UserCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def create(
        self,
        user_name: Annotated[str, typer.Argument(help="The person's e-mail address.")],
        tenant: TenantOption,
        role: Annotated[
            str | None,
            typer.Option(
                help="member, tenant_admin or none; otherwise the tenant's default role.",
                show_default=False,
            ),
        ] = None,
        display_name: Annotated[str | None, typer.Option(show_default=False)] = None,
        given_name: Annotated[str | None, typer.Option(show_default=False)] = None,
        family_name: Annotated[str | None, typer.Option(show_default=False)] = None,
        as_json: Json = False,
    ) -> None:
        """Create a user by hand; the identity provider adopts it later by its name."""

        async def command(use_cases: UseCases) -> None:
            created = await use_cases.create_user(
                tenant,
                user_name,
                profile=Profile(
                    display_name=display_name,
                    given_name=given_name,
                    family_name=family_name,
                    email=user_name.strip(),
                ),
                choice=None if role is None else RoleChoice(parse_role(role)),
                actor=actor(),
            )
            await self._print(use_cases, tenant, str(created.user_id), as_json)

        self._run(command)

    def list(self, tenant: TenantOption, limit: Limit = 100, as_json: Json = False) -> None:
        """List the tenant's users, oldest first."""

        async def command(use_cases: UseCases) -> None:
            found = await use_cases.get_tenant(tenant)

            async def rows() -> AsyncIterator[Facts]:
                async for summary in use_cases.list_users(found.tenant_id):
                    yield {**user_facts(summary.user), "groups": summary.groups}

            await print_stream(rows(), columns=COLUMNS, limit=limit, as_json=as_json)

        self._run(command)

    def show(self, user: UserArgument, tenant: TenantOption, as_json: Json = False) -> None:
        """Show one user: its groups, whether it has access, and if not, why."""
        self._run(lambda use_cases: self._print(use_cases, tenant, user, as_json))

    def set_role(
        self,
        user: UserArgument,
        role: Annotated[str, typer.Argument(help="member, tenant_admin or none.")],
        tenant: TenantOption,
        as_json: Json = False,
    ) -> None:
        """Give a user a role; nothing that the identity provider does changes it later."""

        async def command(use_cases: UseCases) -> None:
            changed = await use_cases.set_role(tenant, user, parse_role(role), actor=actor())
            await self._print(use_cases, tenant, str(changed.user_id), as_json)

        self._run(command)

    def deactivate(self, user: UserArgument, tenant: TenantOption, as_json: Json = False) -> None:
        """Deactivate a manual user; one that the identity provider keeps is disabled there."""
        self._set_status(user, tenant, UserStatus.INACTIVE, as_json)

    def reactivate(self, user: UserArgument, tenant: TenantOption, as_json: Json = False) -> None:
        """Reactivate a manual user with the role and groups it had."""
        self._set_status(user, tenant, UserStatus.ACTIVE, as_json)

    def _set_status(self, user: str, tenant: str, status: UserStatus, as_json: bool) -> None:
        async def command(use_cases: UseCases) -> None:
            changed = await use_cases.set_user_status(tenant, user, status, actor=actor())
            await self._print(use_cases, tenant, str(changed.user_id), as_json)

        self._run(command)

    async def _print(self, use_cases: UseCases, tenant: str, user: str, as_json: bool) -> None:
        details = await use_cases.get_user(tenant, user)
        groups: Any = [group.display_name for group in details.groups]
        if as_json:
            groups = [
                {"id": group.group_id, "display_name": group.display_name}
                for group in details.groups
            ]
        facts = {
            **user_facts(details.user),
            "groups": groups,
            "access": describe_access(details.tenant, details.user),
        }
        print_facts(facts, as_json=as_json)


def user_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `user` commands."""
    commands = UserCommands(run)
    app = typer.Typer(help="Users of a tenant, and their roles.", no_args_is_help=True)
    app.command("create")(commands.create)
    app.command("list")(commands.list)
    app.command("show")(commands.show)
    app.command("set-role")(commands.set_role)
    app.command("deactivate")(commands.deactivate)
    app.command("reactivate")(commands.reactivate)
    return app
