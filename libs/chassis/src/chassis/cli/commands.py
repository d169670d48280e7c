"""How an operator's command runs: on the use cases, opened for it; a refusal is one sentence.

Exit codes: 0 done, 1 refused (nothing was changed), 2 the command itself was wrong.
"""

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

import asyncpg
import typer

from chassis import context
from chassis.cli.printing import say
from chassis.database import DATABASE_FAILURES, create_pool, is_transient
from chassis.ids import uuid7
from chassis.observe import configure_logging
from chassis.settings import ChassisSettings, variable_of
from kernel.errors import DomainError, Kind

D = TypeVar("D")
T = TypeVar("T")

REFUSED = 1
WRONG = 2

OpenPool = Callable[[str], Awaitable[asyncpg.Pool]]
"""Makes a small pool on a DSN."""


class CannotConnect(Exception):
    """What a command needs is not there; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What to say when a use case says no, and the exit code."""

    sentence: str
    exit_code: int = REFUSED


@dataclass(frozen=True)
class Runner(Generic[D]):
    """Runs a service's commands on its use cases."""

    open: Callable[[], AbstractAsyncContextManager[D]]
    """Makes the use cases for one command; raises CannotConnect."""

    def __call__(self, command: Callable[[D], Awaitable[T]]) -> T:
        """Run a command to its end, or end the process with a sentence that says what to do."""
        try:
            return asyncio.run(self._run(command))
        except CannotConnect as error:
            _end(Refusal(str(error)))
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            _end(refusal)

    async def _run(self, command: Callable[[D], Awaitable[T]]) -> T:
        # One correlation id for a command: it is in audit entries and follows the events.
        with context.bind(context.Context(correlation_id=str(uuid7()))):
            async with self.open() as use_cases:
                return await command(use_cases)


@asynccontextmanager
async def command_pool(
    settings: ChassisSettings, *, service: str, package: str, open_pool: OpenPool | None = None
) -> AsyncIterator[asyncpg.Pool]:
    """Connect to a service's database for one command.

    Raises:
        CannotConnect: The database is out of reach, or was never migrated.
    """
    configure_logging(service=service, environment=settings.environment, level=settings.log_level)
    try:
        pool = await (open_pool or _one_connection)(settings.database_url)
    except DATABASE_FAILURES as error:
        variable = variable_of(type(settings), "database_url")
        raise CannotConnect(
            f"The database cannot be reached: {error}. Check {variable}."
        ) from error
    try:
        yield pool
    except asyncpg.UndefinedTableError as error:
        raise CannotConnect(
            f"The database has no tables yet: run `python -m {package} migrate` first."
        ) from error
    finally:
        await pool.close()


def refusal_of(error: Exception) -> Refusal | None:
    """Return what a command says when a rule says no or the database fails; None: our fault."""
    if isinstance(error, DomainError):
        return Refusal(error.sentence, WRONG if error.kind is Kind.INVALID else REFUSED)
    if is_transient(error):
        return Refusal(f"The database failed, so nothing is known to be done: {error}.")
    return None


def actor() -> str:
    """Return who audit entries name for a command."""
    return f"cli:{user_name()}"


def user_name() -> str:
    """Return who runs this process, by name if there is one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that no name belongs to.
        return str(os.getuid())


async def _one_connection(dsn: str) -> asyncpg.Pool:
    return await create_pool(dsn, size=1)


def _end(refusal: Refusal) -> NoReturn:
    say(refusal.sentence, err=True)
    raise typer.Exit(refusal.exit_code) from None
