"""`breaker`: whether transitions are held up, and the operator's decision to go on."""

import dataclasses
from typing import Annotated

import typer

from chassis.cli import Json, Runner, actor, print_facts, print_json, print_rows
from domain_verifier.cli.facts import LOG_COLUMNS, log_facts
from domain_verifier.usecases.breaker import BreakerDetails
from domain_verifier.usecases.use_cases import UseCases


class BreakerCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def breaker(
        self,
        accept: Annotated[
            bool, typer.Option("--accept", help="Close it: the domains are really gone.")
        ] = False,
        reason: Annotated[str, typer.Option(help="How that is known; it is logged.")] = "",
        as_json: Json = False,
    ) -> None:
        """Say whether the breaker holds up all transitions, or close it."""

        async def command(use_cases: UseCases) -> BreakerDetails:
            if accept:
                await use_cases.accept_absences(actor=actor(), reason=reason)
            return await use_cases.get_breaker()

        details = self._run(command)
        facts = {"open": details.breaker.is_open, **dataclasses.asdict(details.breaker)}
        log = [log_facts(record) for record in details.log]
        if as_json:
            print_json({**facts, "log": log})
            return
        print_facts(facts, as_json=False)
        print_rows(log, columns=LOG_COLUMNS, as_json=False)


def breaker_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `breaker` command."""
    app = typer.Typer()
    app.command()(BreakerCommands(run).breaker)
    return app
