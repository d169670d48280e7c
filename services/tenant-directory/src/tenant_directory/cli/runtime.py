"""What the directory's commands run on, and how its errors read there."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from chassis.cli import REFUSED, WRONG, Refusal, commands
from kernel.errors import DomainError, InvalidError
from tenant_directory.usecases.use_cases import UseCases

OpenUseCases = Callable[[], AbstractAsyncContextManager[UseCases]]
"""Connects to the directory for one command; raises CannotConnect."""

Runner = commands.Runner[UseCases]


def refusal_of(error: Exception) -> Refusal | None:
    """Return what a command says when a use case says no."""
    if not isinstance(error, DomainError):
        return None
    return Refusal(error.sentence, WRONG if isinstance(error, InvalidError) else REFUSED)
