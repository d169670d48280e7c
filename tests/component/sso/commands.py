"""The operator's commands, run as a shell runs them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from chassis.database import create_pool
from chassis.outbox import OutboxSignal
from component.sso.harness import SignOn
from sso import operations
from sso.cli.app import sso_cli
from sso.usecases.use_cases import UseCases


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a command."""

    exit_code: int
    stdout: str
    output: str
    """With what went to standard error."""


async def run(sso: SignOn, *arguments: str) -> Ended:
    """Run one command to its end."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[UseCases]:
        async with await create_pool(sso.settings.database_url, size=1) as pool:
            yield operations.use_cases(sso.settings, pool, OutboxSignal(), sso.clock)

    def invoke() -> Ended:
        result = CliRunner().invoke(sso_cli(opened), list(arguments))
        return Ended(result.exit_code, result.stdout, result.output)

    return await asyncio.to_thread(invoke)


async def facts(sso: SignOn, *arguments: str) -> Any:
    """Run a command that prints JSON, and return that."""
    result = await run(sso, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
