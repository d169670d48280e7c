"""`session list | revoke`: who is signed in, and their end."""

from typing import Annotated, Any

import typer

from chassis.cli import Json, Runner, print_rows, say
from sso.cli.facts import SESSION_COLUMNS, session_facts
from sso.usecases.session_ports import Selection
from sso.usecases.use_cases import UseCases

MOST = 1_000

TenantName = Annotated[str | None, typer.Option("--tenant", "-t", help="A tenant's name or id.")]
UserName = Annotated[str | None, typer.Option("--user", help="A user's address or id.")]
SessionId = Annotated[str | None, typer.Option("--session", help="A session's id (sid).")]
ConnectionId = Annotated[str | None, typer.Option("--connection", help="A connection's id.")]
ClientId = Annotated[str | None, typer.Option("--client", help="An app's client_id.")]
Before = Annotated[
    str | None, typer.Option("--before", help="The last id of a page: shows the next one.")
]
Rows = Annotated[int, typer.Option("--limit", min=1, max=MOST, help="Rows of a page.")]


class SessionCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def list(
        self,
        tenant: TenantName = None,
        user: UserName = None,
        session: SessionId = None,
        connection: ConnectionId = None,
        client: ClientId = None,
        before: Before = None,
        limit: Rows = 50,
        as_json: Json = False,
    ) -> None:
        """List live sessions of a tenant, one user, a connection or an app, the newest first."""

        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            selection = await use_cases.select_sessions(
                tenant=tenant, user=user, session=session, connection=connection, client=client
            )
            found = await use_cases.list_sessions(selection, before=before, limit=limit)
            return [session_facts(each) for each in found]

        rows = self._run(command)
        print_rows(rows, columns=SESSION_COLUMNS, as_json=as_json)
        say_more(rows, limit)

    def revoke(
        self,
        tenant: TenantName = None,
        user: UserName = None,
        session: SessionId = None,
        connection: ConnectionId = None,
        client: ClientId = None,
        everybody: Annotated[
            bool, typer.Option("--all", help="Needed where only a tenant is named.")
        ] = False,
    ) -> None:
        """End sessions at once, at every app and service; people may sign in again."""
        narrow = any((user, session, connection, client))
        if tenant is not None and not narrow and not everybody:
            raise typer.BadParameter("This ends every session of the tenant: say so by --all.")
        if everybody and narrow:
            raise typer.BadParameter("--all is for a whole tenant.")

        async def command(use_cases: UseCases) -> int:
            selection: Selection = await use_cases.select_sessions(
                tenant=tenant, user=user, session=session, connection=connection, client=client
            )
            return await use_cases.revoke_sessions(selection)

        say(f"{self._run(command)} sessions ended.")


def say_more(rows: list[dict[str, Any]], limit: int) -> None:
    """Say how the next page is had, where there may be one."""
    if len(rows) == limit:
        say(f"There may be more: --before {rows[-1]['id']}", err=True)


def session_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `session` commands."""
    commands = SessionCommands(run)
    app = typer.Typer(help="People who are signed in.", no_args_is_help=True)
    app.command("list")(commands.list)
    app.command("revoke")(commands.revoke)
    return app
