"""How a command runs: use cases on an open verifier, refusals as one sentence and an exit code.

Exit codes: 0 done, 1 refused (nothing was changed), 2 the command itself was wrong.
"""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeVar

import typer

from chassis import context
from chassis.ids import uuid7
from domain_verifier.domain.errors import DomainError, InvalidError
from domain_verifier.usecases.verifier import Verifier

T = TypeVar("T")

REFUSED = 1
WRONG = 2

OpenVerifier = Callable[[], AbstractAsyncContextManager[Verifier]]
"""Connects for one command; raises ConnectionError if it cannot."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs one command."""

    open: OpenVerifier

    def __call__(self, command: Callable[[Verifier], Awaitable[T]]) -> T:
        """Run a command to its end, or end the process with a sentence that says what to do."""
        try:
            return asyncio.run(self._run(command))
        except DomainError as error:
            typer.echo(error.sentence, err=True)
            raise typer.Exit(WRONG if isinstance(error, InvalidError) else REFUSED) from None
        except ConnectionError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(REFUSED) from None

    async def _run(self, command: Callable[[Verifier], Awaitable[T]]) -> T:
        with context.bind(context.Context(correlation_id=str(uuid7()))):
            async with self.open() as verifier:
                return await command(verifier)


def actor() -> str:
    """Return who the claim log names for a command."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container may run as a number that no name belongs to.
        return f"cli:{os.getuid()}"
