"""Waits until the directory holds what "Entra" holds, and reads both sides to prove it."""

import asyncio
import time
from typing import Any, Protocol

from demo.compare import Comparison, Snapshot, compare, directory_snapshot, entra_snapshot
from entra_sandbox.dialect import Dialect
from entra_sandbox.source import Entra

PAUSE = 0.25


class DirectoryCommands(Protocol):
    """A stack that runs the directory's own commands."""

    def directory(self, *arguments: str) -> Any:
        """Run a command of the directory and return what it prints as JSON."""


async def wait_until_equal(
    stack: DirectoryCommands, tenant_id: str, entra: Entra, dialect: Dialect, *, within: float
) -> Comparison:
    """Return the comparison as soon as both sides are equal, or the last one at the deadline."""
    wanted = entra_snapshot(entra, dialect)
    deadline = time.monotonic() + within
    while True:
        comparison = compare(wanted, await read_directory(stack, tenant_id))
        if comparison.equal or time.monotonic() > deadline:
            return comparison
        await asyncio.sleep(PAUSE)


async def read_directory(stack: DirectoryCommands, tenant_id: str) -> Snapshot:
    """Read users, groups and memberships by the directory's own commands."""
    users, groups = await asyncio.gather(
        asyncio.to_thread(stack.directory, "user", "list", "--tenant", tenant_id),
        asyncio.to_thread(stack.directory, "group", "list", "--tenant", tenant_id, "--members"),
    )
    return directory_snapshot(users, groups)
