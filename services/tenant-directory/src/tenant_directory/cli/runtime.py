"""How a command runs: use cases on an open directory, refusals as one sentence and an exit code.

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
from chassis.clock import Clock
from chassis.ids import uuid7
from tenant_directory.domain.errors import DomainError, InvalidError
from tenant_directory.usecases.ports import UnitOfWork

T = TypeVar("T")

REFUSED = 1
WRONG = 2


@dataclass(frozen=True, slots=True)
class Directory:
    """The open directory: what every use case is made of."""

    uow: UnitOfWork
    clock: Clock


OpenDirectory = Callable[[], AbstractAsyncContextManager[Directory]]
"""Connects to the directory for one command; raises ConnectionError if it cannot."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs one command against the directory."""

    open: OpenDirectory

    def __call__(self, command: Callable[[Directory], Awaitable[T]]) -> T:
        """Run a command to its end, or end the process with a sentence that says what to do."""
        try:
            return asyncio.run(self._run(command))
        except DomainError as error:
            typer.echo(error.sentence, err=True)
            raise typer.Exit(WRONG if isinstance(error, InvalidError) else REFUSED) from None
        except ConnectionError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(REFUSED) from None

    async def _run(self, command: Callable[[Directory], Awaitable[T]]) -> T:
        # One correlation id for a command: it is in the audit log and follows the events.
        with context.bind(context.Context(correlation_id=str(uuid7()))):
            async with self.open() as directory:
                return await command(directory)


def actor() -> str:
    """Return who the audit log names for a command."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container may run as a number that no name belongs to.
        return f"cli:{os.getuid()}"
