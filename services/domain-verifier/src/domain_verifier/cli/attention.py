"""`attention`: what needs people."""

from collections.abc import Sequence
from typing import Annotated

import typer

from chassis.cli import Json, Runner, print_rows
from domain_verifier.cli.facts import ATTENTION_COLUMNS, attention_facts
from domain_verifier.usecases.ports import AttentionItem
from domain_verifier.usecases.use_cases import UseCases


class AttentionCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def attention(
        self,
        domain: Annotated[
            str | None, typer.Argument(help="Show all live claims to this domain instead.")
        ] = None,
        as_json: Json = False,
    ) -> None:
        """List what needs people, over all tenants: reviews and their holders, grace, unseen."""

        async def command(use_cases: UseCases) -> Sequence[AttentionItem]:
            return await use_cases.list_attention(domain=domain)

        rows = [attention_facts(item) for item in self._run(command)]
        print_rows(rows, columns=ATTENTION_COLUMNS, as_json=as_json)


def attention_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `attention` command."""
    app = typer.Typer()
    app.command()(AttentionCommands(run).attention)
    return app
