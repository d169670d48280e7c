"""`tenant …`: make tenants and change what they have."""

from collections.abc import AsyncIterator
from typing import Annotated

import typer

from chassis.cli import Facts, Json, Limit, Runner, actor, print_facts, print_stream
from kernel.errors import InvalidError
from kernel.tenant import TenantStatus
from tenant_directory.cli.facts import tenant_facts
from tenant_directory.domain.tenant import parse_package, parse_role
from tenant_directory.usecases.use_cases import UseCases

TenantArgument = Annotated[
    str, typer.Argument(metavar="TENANT", help="The tenant's name or id.", show_default=False)
]
COLUMNS = ("name", "id", "package", "status", "default_role", "invitations_enabled")


class TenantCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def create(
        self,
        name: Annotated[str, typer.Argument(help="1 to 63 letters, digits and hyphens.")],
        package: Annotated[
            str, typer.Option(help="free, smb, professional or business; free has no provisioning.")
        ] = "business",
        default_role: Annotated[
            str, typer.Option(help="What a newly provisioned user gets: member or none.")
        ] = "member",
        as_json: Json = False,
    ) -> None:
        """Create a tenant: on package `business`, new users become `member`, by default."""

        async def command(use_cases: UseCases) -> None:
            tenant = await use_cases.create_tenant(
                name,
                package=parse_package(package),
                default_role=parse_role(default_role),
                actor=actor(),
            )
            print_facts(tenant_facts(tenant), as_json=as_json)

        self._run(command)

    def list(self, limit: Limit = 100, as_json: Json = False) -> None:
        """List all tenants by name."""

        async def command(use_cases: UseCases) -> None:
            async def rows() -> AsyncIterator[Facts]:
                async for tenant in use_cases.list_tenants():
                    yield tenant_facts(tenant)

            await print_stream(rows(), columns=COLUMNS, limit=limit, as_json=as_json)

        self._run(command)

    def show(self, tenant: TenantArgument, as_json: Json = False) -> None:
        """Show one tenant."""

        async def command(use_cases: UseCases) -> None:
            found = await use_cases.get_tenant(tenant)
            print_facts(tenant_facts(found), as_json=as_json)

        self._run(command)

    def set_default_role(
        self,
        tenant: TenantArgument,
        role: Annotated[str, typer.Argument(help="member, tenant_admin or none.")],
        as_json: Json = False,
    ) -> None:
        """Set the role of users provisioned from now on; users that are there keep theirs."""

        async def command(use_cases: UseCases) -> None:
            changed = await use_cases.set_default_role(tenant, parse_role(role), actor=actor())
            print_facts(tenant_facts(changed), as_json=as_json)

        self._run(command)

    def set_package(
        self,
        tenant: TenantArgument,
        package: Annotated[str, typer.Argument(help="free, smb, professional or business.")],
        as_json: Json = False,
    ) -> None:
        """Put a tenant on another package; on `free`, SCIM is refused."""

        async def command(use_cases: UseCases) -> None:
            changed = await use_cases.set_package(tenant, parse_package(package), actor=actor())
            print_facts(tenant_facts(changed), as_json=as_json)

        self._run(command)

    def set_invitations(
        self,
        tenant: TenantArgument,
        switch: Annotated[str, typer.Argument(help="on or off.")],
        as_json: Json = False,
    ) -> None:
        """Switch a tenant's invitations on or off."""

        async def command(use_cases: UseCases) -> None:
            changed = await use_cases.set_invitations(tenant, _parse_switch(switch), actor=actor())
            print_facts(tenant_facts(changed), as_json=as_json)

        self._run(command)

    def suspend(self, tenant: TenantArgument, as_json: Json = False) -> None:
        """Suspend a tenant: SCIM is refused until it is resumed."""
        self._set_status(tenant, TenantStatus.SUSPENDED, as_json)

    def resume(self, tenant: TenantArgument, as_json: Json = False) -> None:
        """Resume a suspended tenant."""
        self._set_status(tenant, TenantStatus.ACTIVE, as_json)

    def _set_status(self, tenant: str, status: TenantStatus, as_json: bool) -> None:
        async def command(use_cases: UseCases) -> None:
            changed = await use_cases.set_tenant_status(tenant, status, actor=actor())
            print_facts(tenant_facts(changed), as_json=as_json)

        self._run(command)


def tenant_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `tenant` commands."""
    commands = TenantCommands(run)
    app = typer.Typer(help="Tenants: the customer companies.", no_args_is_help=True)
    app.command("create")(commands.create)
    app.command("list")(commands.list)
    app.command("show")(commands.show)
    app.command("set-default-role")(commands.set_default_role)
    app.command("set-package")(commands.set_package)
    app.command("set-invitations")(commands.set_invitations)
    app.command("suspend")(commands.suspend)
    app.command("resume")(commands.resume)
    return app


def _parse_switch(switch: str) -> bool:
    try:
        return {"on": True, "off": False}[switch.strip().lower()]
    except KeyError:
        raise InvalidError("switch-unknown", f"'{switch}' is neither on nor off.") from None
