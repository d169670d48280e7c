"""Ends what a killed supervisor leaves behind.

Run as `python -m embedded.watchdog DATA`, in a session of its own. Each line on its standard input
names a process, `pid started_at`; the end of the input means that the supervisor is gone. The
kernel has signalled the children by then: the watchdog is for one that was just starting, or hangs.
"""

import signal
import sys
import time
from pathlib import Path

import psutil

from embedded.run_file import RunDirectory, is_alive

GRACE_SECONDS = 5.0


def main() -> None:
    """Collect processes until the supervisor is gone, then see to it that they are gone too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: list[tuple[int, float]] = []
    for line in sys.stdin:
        pid, started_at = line.split()
        watched.append((int(pid), float(started_at)))
    deadline = time.monotonic() + GRACE_SECONDS
    while any(is_alive(*process) for process in watched) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid, started_at in watched:
        if is_alive(pid, started_at):
            _kill_tree(pid)
    RunDirectory(Path(sys.argv[1])).remove_stale_run()


def _kill_tree(pid: int) -> None:
    try:
        process = psutil.Process(pid)
        for each in [*process.children(recursive=True), process]:
            each.kill()
    except psutil.NoSuchProcess:
        return


if __name__ == "__main__":
    main()
