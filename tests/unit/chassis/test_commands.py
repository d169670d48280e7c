"""How commands end: done, refused in a sentence, or with the program's own fault shown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import typer

from chassis import context
from chassis.cli import REFUSED, Runner
from chassis.cli.commands import WRONG, CannotConnect
from kernel.errors import InvalidError, NotFoundError


@asynccontextmanager
async def use_cases() -> AsyncIterator[str]:
    yield "use_cases"


@asynccontextmanager
async def no_use_cases() -> AsyncIterator[str]:
    raise CannotConnect("The database cannot be reached. Check THIS.")
    yield "never"


def run_failing(error: Exception) -> None:
    async def command(_use_cases: str) -> None:
        raise error

    Runner(use_cases)(command)


def test_a_command_returns_what_it_found_under_one_correlation_id() -> None:
    async def command(found: str) -> tuple[str, str | None]:
        return found, context.current().correlation_id

    first, second = Runner(use_cases)(command), Runner(use_cases)(command)
    assert first[0] == "use_cases"
    assert first[1]
    assert first[1] != second[1]


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (InvalidError("wrong-name", "Names have letters."), "Names have letters.", WRONG),
        (NotFoundError("no-tenant", "There is no such tenant."), "no such tenant", REFUSED),
        (
            asyncpg.ConnectionDoesNotExistError("gone"),
            "nothing is known to be done: gone.",
            REFUSED,
        ),
    ],
)
def test_a_refusal_is_one_sentence_and_an_exit_code(
    error: Exception, said: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        run_failing(error)
    assert ended.value.exit_code == code
    assert said in capsys.readouterr().err


def test_what_cannot_be_opened_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    async def command(_use_cases: str) -> None:
        raise AssertionError("must not run")

    with pytest.raises(typer.Exit) as ended:
        Runner(no_use_cases)(command)
    assert ended.value.exit_code == REFUSED
    assert capsys.readouterr().err == "The database cannot be reached. Check THIS.\n"


def test_a_fault_of_the_program_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        run_failing(ZeroDivisionError())
