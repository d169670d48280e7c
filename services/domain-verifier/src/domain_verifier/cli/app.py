"""The operator's commands of the domain verifier, put together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import typer

from chassis.cli import Runner
from domain_verifier.cli.attention import attention_commands
from domain_verifier.cli.breaker import breaker_commands
from domain_verifier.cli.claims import claim_commands
from domain_verifier.usecases.use_cases import UseCases


def verifier_cli(
    open_use_cases: Callable[[], AbstractAsyncContextManager[UseCases]],
) -> typer.Typer:
    """Return all commands, on use cases that are opened for each command."""
    run = Runner(open_use_cases)
    app = typer.Typer()
    # Without a name: its commands are the service's own.
    app.add_typer(claim_commands(run))
    app.add_typer(attention_commands(run))
    app.add_typer(breaker_commands(run))
    return app
