"""`keys list | rotate | rewrap`: the keys that tokens are signed and assertions decrypted by."""

from typing import Annotated, Any

import typer

from chassis.cli import Json, Runner, print_facts, print_rows, say
from sso.cli.facts import KEY_COLUMNS, key_facts
from sso.domain.keys import KeyState, Purpose
from sso.usecases.use_cases import UseCases


class KeyCommands:
    """The commands; each runs one use case."""

    def __init__(self, run: Runner[UseCases]) -> None:
        self._run = run

    def list(self, as_json: Json = False) -> None:
        """List the keys; private parts are never shown."""

        async def command(use_cases: UseCases) -> list[dict[str, Any]]:
            return [key_facts(key, state) for key, state in await use_cases.list_keys()]

        print_rows(self._run(command), columns=KEY_COLUMNS, as_json=as_json)

    def rotate(
        self,
        purpose: Annotated[
            Purpose,
            typer.Argument(help="openid: signs tokens; saml: decrypts assertions."),
        ],
        as_json: Json = False,
    ) -> None:
        """Publish a new key, which follows the current one in a day."""

        async def command(use_cases: UseCases) -> dict[str, Any]:
            return key_facts(await use_cases.rotate_keys(purpose), KeyState.NEXT)

        print_facts(self._run(command), as_json=as_json)

    def rewrap(self) -> None:
        """Encrypt every key by the first of SSO_ENCRYPTION_KEYS, so that the others can go."""

        async def command(use_cases: UseCases) -> int:
            return await use_cases.rewrap_keys()

        say(f"{self._run(command)} keys are encrypted by the first of SSO_ENCRYPTION_KEYS.")


def key_commands(run: Runner[UseCases]) -> typer.Typer:
    """Return the `keys` commands."""
    commands = KeyCommands(run)
    app = typer.Typer(help="The deployment's keys.", no_args_is_help=True)
    app.command("list")(commands.list)
    app.command("rotate")(commands.rotate)
    app.command("rewrap")(commands.rewrap)
    return app
