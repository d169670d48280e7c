"""What the domain verifier's commands work with, and how its errors read there."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from chassis.cli import REFUSED, WRONG, Refusal, commands
from domain_verifier.domain.errors import DomainError, InvalidError
from domain_verifier.usecases.use_cases import Verifier

OpenVerifier = Callable[[], AbstractAsyncContextManager[Verifier]]
"""Connects for one command; raises CannotConnect."""

Runner = commands.Runner[Verifier]


def refusal_of(error: Exception) -> Refusal | None:
    """Return what a command says when a use case says no."""
    if not isinstance(error, DomainError):
        return None
    return Refusal(error.sentence, WRONG if isinstance(error, InvalidError) else REFUSED)
