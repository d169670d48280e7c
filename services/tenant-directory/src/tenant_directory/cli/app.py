"""The operator's commands of the directory, put together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import typer

from chassis.cli import Runner
from tenant_directory.cli.audit import audit_commands
from tenant_directory.cli.groups import group_commands
from tenant_directory.cli.tenants import tenant_commands
from tenant_directory.cli.users import user_commands
from tenant_directory.usecases.use_cases import UseCases


def directory_cli(
    open_use_cases: Callable[[], AbstractAsyncContextManager[UseCases]],
) -> typer.Typer:
    """Return all commands, on use cases that are opened for each command."""
    run = Runner(open_use_cases)
    app = typer.Typer()
    app.add_typer(tenant_commands(run), name="tenant")
    app.add_typer(user_commands(run), name="user")
    app.add_typer(group_commands(run), name="group")
    app.add_typer(audit_commands(run), name="audit")
    return app
