"""The operator's commands of the directory, put together."""

import typer

from tenant_directory.cli.audit import audit_app
from tenant_directory.cli.groups import group_app
from tenant_directory.cli.runtime import OpenDirectory, Runner, refusal_of
from tenant_directory.cli.tenants import tenant_app
from tenant_directory.cli.users import user_app


def directory_cli(open_directory: OpenDirectory) -> typer.Typer:
    """Return all commands, on a directory that is opened for each command."""
    run = Runner(open_directory, refusal_of)
    app = typer.Typer()
    app.add_typer(tenant_app(run), name="tenant")
    app.add_typer(user_app(run), name="user")
    app.add_typer(group_app(run), name="group")
    app.add_typer(audit_app(run), name="audit")
    return app
