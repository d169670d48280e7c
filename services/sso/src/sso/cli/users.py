"""`user explain`: why somebody can or cannot sign in."""

from typing import Annotated

import typer

from chassis.cli import Json, Runner, print_json, print_rows, say
from sso.cli.facts import LOG_COLUMNS, explanation_facts
from sso.usecases.use_cases import UseCases

FINDING_COLUMNS = ("about", "ok", "says")


class UserCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def explain(
        self,
        email: Annotated[str, typer.Argument(help="The address that the person types.")],
        tenant: Annotated[
            str | None,
            typer.Option("--tenant", "-t", help="Name or id; else that of the address's domain."),
        ] = None,
        as_json: Json = False,
    ) -> None:
        """Say why somebody can or cannot sign in, and what became of the last attempts."""

        async def command(use_cases: UseCases) -> dict[str, object]:
            known = await use_cases.find_tenant(tenant) if tenant is not None else None
            return explanation_facts(await use_cases.explain_user(email, known))

        facts = self._run(command)
        if as_json:
            print_json(facts)
            return
        can = "can" if facts["can_sign_in"] else "cannot"
        say(f"{facts['address']} {can} sign in.")
        print_rows(_rows(facts["findings"]), columns=FINDING_COLUMNS)
        if facts["attempts"]:
            say("Last attempts:")
            print_rows(_rows(facts["attempts"]), columns=LOG_COLUMNS)


def _rows(found: object) -> list[dict[str, object]]:
    return found if isinstance(found, list) else []


def user_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `user` commands."""
    commands = UserCommands(run)
    app = typer.Typer(help="People, as far as sign-in goes.", no_args_is_help=True)
    # With one command alone, typer would drop its name.
    app.callback()(lambda: None)
    app.command("explain")(commands.explain)
    return app
