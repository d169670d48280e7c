"""`client create | list | rotate-secret | disable`: the apps that people sign in to."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from chassis.cli import Json, Runner, print_facts, print_rows, say
from sso.cli.facts import BACKLOG_COLUMNS, CLIENT_COLUMNS, backlog_facts, client_facts
from sso.domain.client import DEFAULT_ACCESS_SECONDS, ClientSettings
from sso.usecases.use_cases import UseCases


class ClientCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def create(
        self,
        client_id: Annotated[str, typer.Argument(help="The client_id, as the app will send it.")],
        redirect_uri: Annotated[
            list[str] | None,
            typer.Option(help="Where people come back to; may be given several times."),
        ] = None,
        name: Annotated[str, typer.Option(help="What people know it by.")] = "",
        public: Annotated[
            bool, typer.Option("--public", help="It can keep no secret: a browser, a phone.")
        ] = False,
        post_logout_redirect_uri: Annotated[
            list[str] | None,
            typer.Option(help="Where people may go after they signed out; several times."),
        ] = None,
        backchannel_logout_uri: Annotated[
            str | None, typer.Option(help="Where the app hears of the end of sessions.")
        ] = None,
        initiate_login_uri: Annotated[
            str | None, typer.Option(help="Where the app begins a sign-in that others ask for.")
        ] = None,
        audience: Annotated[
            list[str] | None, typer.Option(help="An API that its tokens are for; several times.")
        ] = None,
        service: Annotated[
            bool, typer.Option("--service", help="It gets tokens for itself (client credentials).")
        ] = False,
        allowed_origin: Annotated[
            list[str] | None,
            typer.Option(help="Where it runs in browsers, as https://host; several times."),
        ] = None,
        consent: Annotated[
            bool, typer.Option("--consent", help="It is somebody else's: people are asked first.")
        ] = False,
        access_token_seconds: Annotated[
            int, typer.Option(help="How long its access tokens live: 60 to 900.")
        ] = DEFAULT_ACCESS_SECONDS,
        jwks: Annotated[
            Path | None,
            typer.Option(
                help="A file with its public keys, in place of a secret (private_key_jwt).",
                exists=True,
                dir_okay=False,
            ),
        ] = None,
        as_json: Json = False,
    ) -> None:
        """Register an app, and show its secret this once."""
        settings = ClientSettings(
            post_logout_redirect_uris=tuple(dict.fromkeys(post_logout_redirect_uri or ())),
            backchannel_logout_uri=backchannel_logout_uri,
            initiate_login_uri=initiate_login_uri,
            audiences=tuple(dict.fromkeys(audience or ())),
            service=service,
            allowed_origins=tuple(dict.fromkeys(allowed_origin or ())),
            consent=consent,
            access_token_seconds=access_token_seconds,
            public_keys=None if jwks is None else jwks.read_text("utf-8", "replace"),
        )

        async def command(use_cases: UseCases) -> dict[str, Any]:
            created = await use_cases.create_client(
                client_id, name or client_id, redirect_uri or (), public=public, settings=settings
            )
            issuer = {"issuer": use_cases.addresses.public_url}
            return client_facts(created.client) | issuer | {"secret": created.secret}

        print_facts(self._run(command), as_json=as_json)
        if not as_json and not public and jwks is None:
            say("Keep the secret now: it cannot be shown again.", err=True)

    def list(self, as_json: Json = False) -> None:
        """List the apps."""

        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            return [client_facts(each) for each in await use_cases.list_clients()]

        print_rows(self._run(command), columns=CLIENT_COLUMNS, as_json=as_json)

    def rotate_secret(
        self,
        client_id: Annotated[str, typer.Argument(help="The client_id.")],
        keep_old: Annotated[
            int, typer.Option(help="For how many hours the old secret stays good: 0 to 168.")
        ] = 0,
        as_json: Json = False,
    ) -> None:
        """Give an app another secret, and show it this once."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            overlap = timedelta(hours=keep_old)
            secret = await use_cases.rotate_secret(client_id, keep_old=overlap)
            return {"id": client_id, "secret": secret}

        print_facts(self._run(command), as_json=as_json)

    def logouts(self, as_json: Json = False) -> None:
        """List which apps have not heard yet that sessions of theirs are over."""

        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            return [backlog_facts(each) for each in await use_cases.list_logout_backlogs()]

        print_rows(self._run(command), columns=BACKLOG_COLUMNS, as_json=as_json)

    def disable(self, client_id: Annotated[str, typer.Argument(help="The client_id.")]) -> None:
        """Let nobody sign in by an app any more."""

        async def command(use_cases: UseCases) -> None:
            await use_cases.disable_client(client_id)

        self._run(command)
        say(f"Nobody signs in by {client_id} any more.")


def client_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `client` commands."""
    commands = ClientCommands(run)
    app = typer.Typer(help="Apps that people sign in to.", no_args_is_help=True)
    app.command("create")(commands.create)
    app.command("list")(commands.list)
    app.command("rotate-secret")(commands.rotate_secret)
    app.command("disable")(commands.disable)
    app.command("logouts")(commands.logouts)
    return app
