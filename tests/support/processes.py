"""Real subprocesses of a service that a test may kill, and that never outlive the test run."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import psutil

from embedded.processes import die_with_parent


def gone(process: psutil.Process) -> bool:
    """Tell whether a process has ended, waited for or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        # It went between the two questions.
        return True


class ServiceProcess:
    """`python -m <argv>` with its output in a file; killed on leaving, at the latest.

    The kernel kills it as well when the test process dies, whatever kills that.
    """

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                die_with_parent([sys.executable, "-m", *argv]),
                env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        return self._popen.poll()

    @property
    def output(self) -> str:
        """Return everything it has printed so far."""
        return self._log.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL: nothing in it gets to clean up."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGKILL)
        self._popen.wait(timeout=10)

    def terminate(self, *, within: float = 15) -> int:
        """SIGTERM, and return the exit code; fail when it does not stop in time."""
        self._popen.terminate()
        return self.wait(within=within)

    def wait(self, *, within: float = 15) -> int:
        """Wait until it ends by itself and return the exit code."""
        try:
            return self._popen.wait(timeout=within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {within} s:\n{self.output}") from None

    def __enter__(self) -> "ServiceProcess":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill it when it still runs."""
        self.kill()
