"""Child processes that never outlive their parent.

The kernel signals a child when its parent dies (PR_SET_PDEATHSIG, set by util-linux `setpriv`), so
even a parent that gets SIGKILL leaves nothing behind. Children have sessions of their own: Ctrl-C
reaches only the supervisor, which stops them in order.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import psutil

from embedded.accounts import Account
from embedded.errors import EmbeddedError
from embedded.logs import Logs
from embedded.private import PRIVATELY

CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run: its name in logs, its arguments, what is added to the environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends when the parent is gone."""

    def line(self) -> list[str]:
        """Return the arguments with the guard in front."""
        return die_with_parent(self.argv, death_signal=self.death_signal, account=self.account)


def python_command(name: str, arguments: Sequence[str], env: Mapping[str, str]) -> Command:
    """Return the command of one of our own modules."""
    argv = [sys.executable, "-m", *arguments]
    return Command(name, argv, env={"PYTHONUNBUFFERED": "1", **env})


def die_with_parent(
    argv: Sequence[str],
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    account: Account | None = None,
) -> list[str]:
    """Return a command line whose process dies with its parent; the process id stays the same."""
    become = account.arguments() if account else []
    guard = f"--pdeathsig={death_signal.name.removeprefix('SIG')}"
    return ["setpriv", *become, guard, "--", *argv]


class Process:
    """One running child whose output goes to the logs."""

    def __init__(
        self,
        command: Command,
        logs: Logs,
        *,
        started: "Callable[[Process], None]" = lambda _: None,
    ) -> None:
        self.command = command
        self._logs = logs
        self._started = started
        self._child: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self.started_at = 0.0

    @property
    def name(self) -> str:
        """Return the name in logs and tables."""
        return self.command.name

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._running_child().pid

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return self._child is not None and self._child.returncode is None

    async def start(self) -> None:
        """Start it; whether it is ready is for the caller to find out."""
        self._child = await asyncio.create_subprocess_exec(
            *PRIVATELY,
            *self.command.line(),
            env={**os.environ, **self.command.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        with contextlib.suppress(psutil.NoSuchProcess):
            self.started_at = psutil.Process(self._child.pid).create_time()
        self._pump = asyncio.create_task(self._copy_output(self._child))
        self._started(self)

    async def run(self, *, within: float) -> None:
        """Start it and wait for success; raise with its last words otherwise."""
        await self.start()
        try:
            async with asyncio.timeout(within):
                code = await self.wait()
        except TimeoutError:
            raise EmbeddedError(
                self.failure_message(f"did not end within {within:.0f} s")
            ) from None
        finally:
            await self.stop(within=1)
        if code != 0:
            raise EmbeddedError(self.failure_message(f"ended with exit code {code}"))

    async def wait(self) -> int:
        """Wait until it has ended and its output is written; return its exit code."""
        code = await self._running_child().wait()
        if self._pump is not None:
            await asyncio.shield(self._pump)
        return code

    async def stop(self, *, within: float = 10) -> None:
        """Ask it to stop, and kill it when it does not."""
        if not self.alive:
            return
        self.send(self.command.stop_signal)
        try:
            async with asyncio.timeout(within):
                await self._running_child().wait()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self._running_child().wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._running_child().send_signal(number)

    def failure_message(self, what: str) -> str:
        """Return a sentence on what happened with the end of its log."""
        tail = self._logs.tail(self.name)
        return f"{self.name} {what}. Its log, {self._logs.path(self.name)}, ends with:\n{tail}"

    def _running_child(self) -> asyncio.subprocess.Process:
        if self._child is None:
            raise EmbeddedError(f"{self.name} was not started")
        return self._child

    async def _copy_output(self, child: asyncio.subprocess.Process) -> None:
        output = child.stdout
        if output is None:
            return
        rest = b""
        while chunk := await output.read(CHUNK):
            whole, newline, rest = (rest + chunk).rpartition(b"\n")
            if newline:
                self._logs.write(self.name, whole + newline)
        if rest:
            self._logs.write(self.name, rest + b"\n")
