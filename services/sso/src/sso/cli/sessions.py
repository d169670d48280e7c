"""`session list | revoke | policy`: who is signed in, for how long, and their end."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from chassis.cli import Json, Runner, TenantOption, print_facts, print_rows, say
from sso.cli.facts import SESSION_COLUMNS, policy_facts, session_facts
from sso.domain.session_policy import SessionPolicy
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

    def policy(
        self,
        tenant: TenantOption,
        idle_hours: Annotated[
            float | None, typer.Option(help="Hours without a visit after which they end.")
        ] = None,
        hours: Annotated[float | None, typer.Option(help="Hours that they last at most.")] = None,
        default: Annotated[
            bool, typer.Option("--default", help="As the deployment has it, from now on.")
        ] = False,
        as_json: Json = False,
    ) -> None:
        """Show or set how long a tenant's people stay signed in; new sessions follow it."""
        if default and (idle_hours is not None or hours is not None):
            raise typer.BadParameter("--default goes without hours.")

        async def command(use_cases: UseCases) -> dict[str, Any]:
            tenant_id = (await use_cases.find_tenant(tenant)).tenant_id
            known = await use_cases.get_session_policy(tenant_id)
            if default:
                known = await use_cases.set_session_policy(tenant_id, None)
            elif idle_hours is not None or hours is not None:
                wanted = SessionPolicy(
                    known.idle if idle_hours is None else _span(idle_hours),
                    known.lifetime if hours is None else _span(hours),
                )
                known = await use_cases.set_session_policy(tenant_id, wanted)
            return policy_facts(known)

        print_facts(self._run(command), as_json=as_json)


def _span(hours: float) -> timedelta:
    """Return a span that may be asked for; what no span can be is none."""
    return timedelta(hours=hours if 0 <= hours <= 10_000 else 0)


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
    app.command("policy")(commands.policy)
    return app
