"""The operator's commands of the SCIM service, put together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import typer

from chassis.cli import Runner
from scim.cli.provisioning_log import provisioning_log_commands
from scim.cli.tenants import tenant_commands
from scim.cli.tokens import token_commands
from scim.usecases.use_cases import UseCases


def scim_cli(
    open_use_cases: Callable[[], AbstractAsyncContextManager[UseCases]],
) -> typer.Typer:
    """Return all commands, on use cases that are opened for each command."""
    run = Runner(open_use_cases)
    app = typer.Typer()
    app.add_typer(token_commands(run), name="token")
    app.add_typer(tenant_commands(run), name="tenant")
    app.add_typer(provisioning_log_commands(run))
    return app
