"""The commands: the demo on the embedded stack, and the check of the Docker stack."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from demo.compose_check import check_compose
from demo.domain_proof import DomainProofError
from demo.errors import DemoError
from demo.run import run_demo
from demo.sign_on_tenant import make_sign_on_tenant
from demo.stack import StackError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="A provisioning lifecycle on the whole stack, compared with what the directory holds.",
)


@app.command()
def run(
    run_file: Annotated[
        Path | None, typer.Option("--run", help="run.json of a stack that is up already.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0, help="Requests per second; 0 for no limit.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    keep: Annotated[
        bool, typer.Option(envvar="KEEP", help="Leave the stack up until Ctrl-C.")
    ] = False,
) -> None:
    """Run a provisioning lifecycle on the whole stack; prove that the directory equals Entra."""
    raise typer.Exit(run_demo(run_file=run_file, rate=rate, seed=seed, keep=keep))


@app.command("sign-on")
def sign_on(
    name: str,
    data: Annotated[
        Path, typer.Option(envvar="PORTICO_DATA", help="Directory of the running stack's data.")
    ] = Path(".data"),
) -> None:
    """Make a tenant on the running stack whose people can sign in to the demo app by hand."""
    try:
        make_sign_on_tenant(data, name)
    except (DemoError, DomainProofError, StackError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command("compose-check")
def compose_check(
    gateway: Annotated[str, typer.Option(help="Base URL of the gateway.")],
    compose: Annotated[
        str, typer.Option(help="The compose command with its file and project, in one string.")
    ],
    users: Annotated[int, typer.Option(min=1)] = 60,
    groups: Annotated[int, typer.Option(min=0)] = 6,
) -> None:
    """Provision through the gateway of a running Docker stack, and compare."""
    raise typer.Exit(check_compose(shlex.split(compose), gateway, users=users, groups=groups))
