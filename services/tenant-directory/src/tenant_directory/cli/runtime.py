"""What the directory's commands work with, and how its errors read there."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from chassis.cli import REFUSED, WRONG, Refusal, commands
from chassis.clock import Clock
from tenant_directory.domain.errors import DomainError, InvalidError
from tenant_directory.usecases.ports import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class Directory:
    """The open directory: what every use case is made of."""

    uow: UnitOfWorkFactory
    clock: Clock


OpenDirectory = Callable[[], AbstractAsyncContextManager[Directory]]
"""Connects to the directory for one command; raises CannotConnect."""

Runner = commands.Runner[Directory]


def refusal_of(error: Exception) -> Refusal | None:
    """Return what a command says when a use case says no."""
    if not isinstance(error, DomainError):
        return None
    return Refusal(error.sentence, WRONG if isinstance(error, InvalidError) else REFUSED)
