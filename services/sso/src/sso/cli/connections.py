"""`connection create | show | list | set-metadata | refresh | test | activate | undo | suspend`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from chassis.cli import Json, Runner, TenantOption, print_facts, print_rows
from sso.cli.facts import CONNECTION_COLUMNS, connection_facts, refresh_facts
from sso.domain.connection import Connection, Kind
from sso.usecases.metadata import address_in
from sso.usecases.use_cases import UseCases

ConnectionArgument = Annotated[str, typer.Argument(help="The connection's id.")]
DomainsArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Domains of the tenant; left out: all that no other speaks for."),
]
MAX_DOCUMENT = 2_097_152
Change = Callable[[Connection], Awaitable[Connection]]


class ConnectionCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def create(
        self,
        tenant: TenantOption,
        name: Annotated[str, typer.Option(help="What admins know it by.")] = "Microsoft Entra ID",
        kind: Annotated[Kind, typer.Option(help="Which identity provider it is.")] = Kind.ENTRA,
        as_json: Json = False,
    ) -> None:
        """Make a connection; prints what goes into the identity provider's set-up."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.find_tenant(tenant)
            made = await use_cases.create_connection(found, name, kind)
            return _facts(use_cases, made)

        print_facts(self._run(command), as_json=as_json)

    def show(self, connection: ConnectionArgument, as_json: Json = False) -> None:
        """Show a connection."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.get_connection(connection)
            refresh = await use_cases.refresh_metadata.last(found)
            return _facts(use_cases, found) | refresh_facts(refresh)

        print_facts(self._run(command), as_json=as_json)

    def list(self, tenant: TenantOption, as_json: Json = False) -> None:
        """List a tenant's connections."""

        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            found = await use_cases.find_tenant(tenant)
            listed = await use_cases.list_connections(found)
            return [_facts(use_cases, each) for each in listed]

        print_rows(self._run(command), columns=CONNECTION_COLUMNS, as_json=as_json)

    def set_metadata(
        self,
        connection: ConnectionArgument,
        metadata: Annotated[
            str, typer.Argument(help="Its https address, or a file; - reads either from stdin.")
        ],
        as_json: Json = False,
    ) -> None:
        """Give a connection its identity provider's metadata; it has to be tested then."""
        given = _read(metadata)

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.get_connection(connection)
            changed = await use_cases.set_metadata(found, given)
            return _facts(use_cases, changed)

        print_facts(self._run(command), as_json=as_json)

    def refresh(self, connection: ConnectionArgument, as_json: Json = False) -> None:
        """Fetch the metadata that people sign in by again, as the worker does every day."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.get_connection(connection)
            refresh = await use_cases.refresh_metadata(found)
            found = await use_cases.get_connection(connection)
            return _facts(use_cases, found) | refresh_facts(refresh)

        print_facts(self._run(command), as_json=as_json)

    def test(self, connection: ConnectionArgument, as_json: Json = False) -> None:
        """Print the address that tests a connection by a real sign-in, good for ten minutes."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.get_connection(connection)
            return {"open": await use_cases.test_connection(found)}

        print_facts(self._run(command), as_json=as_json)

    def activate(self, connection: ConnectionArgument, as_json: Json = False) -> None:
        """Let the tenant's people sign in by what was tested."""
        self._change(connection, lambda known: known.activate_connection, as_json=as_json)

    def undo(self, connection: ConnectionArgument, as_json: Json = False) -> None:
        """Take the last activation back, within 24 hours; every session that came by it ends."""
        self._change(connection, lambda known: known.undo_activation, as_json=as_json)

    def default_client(
        self,
        connection: ConnectionArgument,
        client: Annotated[
            str, typer.Argument(help="The client_id of the app; left out: no app any more.")
        ] = "",
        as_json: Json = False,
    ) -> None:
        """Say where a sign-in leads that begins at the identity provider (a tile of My Apps)."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.get_connection(connection)
            return _facts(use_cases, await use_cases.set_default_client(found, client or None))

        print_facts(self._run(command), as_json=as_json)

    def set_domains(
        self,
        connection: ConnectionArgument,
        domains: DomainsArgument = None,
        as_json: Json = False,
    ) -> None:
        """Say which of the tenant's domains a connection speaks for, alone."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.get_connection(connection)
            return _facts(use_cases, await use_cases.set_domains(found, domains or []))

        print_facts(self._run(command), as_json=as_json)

    def set_claims(
        self,
        connection: ConnectionArgument,
        email: Annotated[
            str, typer.Option(help="The attribute that has the address; left out: the usual ones.")
        ] = "",
        subject: Annotated[
            str,
            typer.Option(help="The attribute that never changes; left out: the usual ones."),
        ] = "",
        as_json: Json = False,
    ) -> None:
        """Say by which attributes people are named; the connection has to be tested then."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.get_connection(connection)
            changed = await use_cases.set_claims(
                found, email=email or None, subject=subject or None
            )
            return _facts(use_cases, changed)

        print_facts(self._run(command), as_json=as_json)

    def set_options(
        self,
        connection: ConnectionArgument,
        sign_requests: Annotated[
            bool | None,
            typer.Option(
                "--sign-requests/--no-sign-requests",
                help="Sign requests, for providers that verify them.",
            ),
        ] = None,
        single_logout: Annotated[
            bool | None,
            typer.Option(
                "--single-logout/--no-single-logout",
                help="Who signs out at an app is signed out at the identity provider, too.",
            ),
        ] = None,
        as_json: Json = False,
    ) -> None:
        """Say how a connection speaks; it needs no other test for that."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.get_connection(connection)
            changed = await use_cases.set_options(
                found, sign_requests=sign_requests, single_logout=single_logout
            )
            return _facts(use_cases, changed)

        print_facts(self._run(command), as_json=as_json)

    def suspend(self, connection: ConnectionArgument, as_json: Json = False) -> None:
        """Let nobody sign in by it any more; every session that came by it ends."""
        self._change(connection, lambda known: known.suspend_connection, as_json=as_json)

    def _change(self, connection: str, of: Callable[[UseCases], Change], *, as_json: bool) -> None:
        async def command(use_cases: UseCases) -> dict[str, Any]:
            found = await use_cases.get_connection(connection)
            return _facts(use_cases, await of(use_cases)(found))

        print_facts(self._run(command), as_json=as_json)


def _facts(use_cases: UseCases, connection: Connection) -> dict[str, Any]:
    return connection_facts(connection, use_cases.addresses, use_cases.clock.now())


def _read(metadata: str) -> bytes:
    if metadata == "-":
        return typer.get_binary_stream("stdin").read(MAX_DOCUMENT)
    given = metadata.encode(errors="surrogateescape")
    if address_in(given) is not None:
        return given
    file = Path(metadata)
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_DOCUMENT)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{metadata} cannot be read: {error}.") from error


def connection_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `connection` commands."""
    commands = ConnectionCommands(run)
    app = typer.Typer(help="A tenant's links to identity providers.", no_args_is_help=True)
    app.command("create")(commands.create)
    app.command("show")(commands.show)
    app.command("list")(commands.list)
    app.command("set-metadata")(commands.set_metadata)
    app.command("refresh")(commands.refresh)
    app.command("test")(commands.test)
    app.command("activate")(commands.activate)
    app.command("undo")(commands.undo)
    app.command("default-client")(commands.default_client)
    app.command("set-domains")(commands.set_domains)
    app.command("set-claims")(commands.set_claims)
    app.command("set")(commands.set_options)
    app.command("suspend")(commands.suspend)
    return app
