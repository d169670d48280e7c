"""The commands: up, down, tenant, run, jars."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from embedded.errors import EmbeddedError
from embedded.jars import ensure_jars
from embedded.options import Options
from embedded.report import print_addresses
from embedded.run_file import Run, RunDirectory
from embedded.services import SERVICES
from embedded.stopping import stop_supervisor
from embedded.supervisor import Supervisor
from embedded.tenant import make_tenant

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="PostgreSQL, Kafka and all services on this machine, without Docker.",
)

Data = Annotated[Path, typer.Option(envvar="PORTICO_DATA", help="Directory of the stack's data.")]
DEFAULT_DATA = Path(".data")


@app.command()
def up(
    data: Data = DEFAULT_DATA,
    apart: Annotated[bool, typer.Option(help="Serve and work in processes of their own.")] = False,
) -> None:
    """Start everything and stay until Ctrl-C."""
    began = time.monotonic()

    def ready(run: Run) -> None:
        print_addresses(run, seconds=time.monotonic() - began)

    supervisor = Supervisor(Options(data.absolute(), apart=apart), SERVICES)
    asyncio.run(supervisor.run(ready=ready))


@app.command()
def down(data: Data = DEFAULT_DATA) -> None:
    """Stop the stack that runs in the data directory."""
    supervisor = RunDirectory(data).supervisor()
    if supervisor is None:
        print(f"No stack is running in {data.absolute()}.")
        return
    stop_supervisor(supervisor)
    print("Stopped.")


@app.command()
def tenant(
    name: str,
    data: Data = DEFAULT_DATA,
    package: Annotated[str, typer.Option(help="The tenant's package.")] = "business",
    default_role: Annotated[str, typer.Option(help="What a new user gets.")] = "member",
) -> None:
    """Make a tenant with a SCIM token; print both as one JSON object."""
    run = RunDirectory(data).read()
    print(json.dumps(make_tenant(run, name, package=package, role=default_role)))


@app.command("run", context_settings={"ignore_unknown_options": True, "help_option_names": []})
def run_command(
    service: Annotated[str, typer.Argument(help="A service of the stack, as in run.json.")],
    arguments: Annotated[list[str], typer.Argument(help="Its command.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Run a service's command on the running stack: `run scim token list --tenant acme`."""
    services = RunDirectory(data).read().services
    if service not in services:
        raise EmbeddedError(f"There is no service {service}, only {', '.join(services)}.")
    chosen = services[service]
    argv = [sys.executable, "-m", chosen.package, *arguments]
    env = {**os.environ, **chosen.env}
    if arguments[0] == "migrate":
        env |= chosen.migration_env
    os.execve(sys.executable, argv, env)


@app.command()
def jars() -> None:
    """Fetch Apache Kafka's jars, unless they are there."""
    ensure_jars()


def main() -> None:
    """Run a command; what went wrong is told in a sentence, without a traceback."""
    try:
        app()
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
