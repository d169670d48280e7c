"""What the SCIM service's commands work with, and how its errors read there."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from chassis.cli import REFUSED, WRONG, Refusal, commands
from chassis.clock import Clock
from scim.domain.errors import Kind, ScimError
from scim.usecases.ports import LogEntries
from scim.usecases.tokens import CreateToken, FindTenant, ListTokens, RevokeToken


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the commands work with."""

    find_tenant: FindTenant
    create_token: CreateToken
    list_tokens: ListTokens
    revoke_token: RevokeToken
    entries: LogEntries
    clock: Clock
    base_url: Callable[[UUID], str]
    """Where a tenant's SCIM surface is reached."""


OpenUseCases = Callable[[], AbstractAsyncContextManager[UseCases]]
"""Connects for one command; raises CannotConnect."""

Runner = commands.Runner[UseCases]


def refusal_of(error: Exception) -> Refusal | None:
    """Return what a command says when a use case says no."""
    if not isinstance(error, ScimError):
        return None
    return Refusal(error.detail, WRONG if error.kind is Kind.INVALID else REFUSED)
