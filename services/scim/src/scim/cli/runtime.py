"""How a command runs: use cases on open storage, refusals as one sentence and an exit code.

Exit codes: 0 done, 1 refused (nothing was changed), 2 the command itself was wrong.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import typer

from chassis.clock import Clock
from scim.domain.errors import Kind, ScimError
from scim.usecases.ports import Entries
from scim.usecases.tokens import CreateToken, FindTenant, ListTokens, RevokeToken

T = TypeVar("T")

REFUSED = 1
WRONG = 2


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands work with."""

    find_tenant: FindTenant
    create_token: CreateToken
    list_tokens: ListTokens
    revoke_token: RevokeToken
    entries: Entries
    clock: Clock
    base_url: Callable[[UUID], str]
    """Where a tenant's SCIM surface is reached."""


OpenDesk = Callable[[], AbstractAsyncContextManager[Desk]]
"""Connects for one command; raises ConnectionError if it cannot."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs one command."""

    open: OpenDesk

    def __call__(self, command: Callable[[Desk], Awaitable[T]]) -> T:
        """Run a command to its end, or end the process with a sentence that says what to do."""
        try:
            return asyncio.run(self._run(command))
        except ScimError as error:
            typer.echo(error.detail, err=True)
            raise typer.Exit(WRONG if error.kind is Kind.INVALID else REFUSED) from None
        except ConnectionError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(REFUSED) from None

    async def _run(self, command: Callable[[Desk], Awaitable[T]]) -> T:
        async with self.open() as desk:
            return await command(desk)
