"""The operator's commands of the SCIM service, put together."""

import typer

from scim.cli.log import add_log_command
from scim.cli.runtime import OpenUseCases, Runner, refusal_of
from scim.cli.tokens import token_app


def scim_cli(open_use_cases: OpenUseCases) -> typer.Typer:
    """Return all commands, on storage that is opened for each command."""
    run = Runner(open_use_cases, refusal_of)
    app = typer.Typer()
    app.add_typer(token_app(run), name="token")
    add_log_command(app, run)
    return app
