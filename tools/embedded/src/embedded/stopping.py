"""Stops a supervisor from outside: it is asked first, and killed when it does not listen."""

import contextlib
import time

import psutil

from embedded.errors import EmbeddedError
from embedded.run_file import is_alive

ASK_SECONDS = 60
KILL_SECONDS = 10


def stop_supervisor(supervisor: psutil.Process) -> None:
    """Return once it is gone; its watchdog ends what it leaves behind when it is killed."""
    started_at = supervisor.create_time()
    with contextlib.suppress(psutil.NoSuchProcess):
        supervisor.terminate()
        if _is_gone(supervisor.pid, started_at, within=ASK_SECONDS):
            return
        supervisor.kill()
        if not _is_gone(supervisor.pid, started_at, within=KILL_SECONDS):
            raise EmbeddedError(f"Process {supervisor.pid} cannot be stopped.")


def _is_gone(pid: int, started_at: float, *, within: float) -> bool:
    """Poll, since it is not our child; one that only waits for its parent counts as gone."""
    deadline = time.monotonic() + within
    while is_alive(pid, started_at):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
