"""The operator's commands of the sign-on service, put together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import typer

from chassis.cli import Runner
from sso.cli.clients import client_commands
from sso.cli.connections import connection_commands
from sso.cli.keys import key_commands
from sso.cli.sessions import session_commands
from sso.cli.sign_in_log import sign_in_log_command
from sso.cli.users import user_commands
from sso.usecases.use_cases import UseCases


def sso_cli(open_use_cases: Callable[[], AbstractAsyncContextManager[UseCases]]) -> typer.Typer:
    """Return all commands, on use cases that are opened for each command."""
    run = Runner(open_use_cases)
    app = typer.Typer()
    app.add_typer(connection_commands(run), name="connection")
    app.add_typer(client_commands(run), name="client")
    app.add_typer(key_commands(run), name="keys")
    app.add_typer(session_commands(run), name="session")
    app.add_typer(user_commands(run), name="user")
    sign_in_log_command(run, app)
    return app
