"""All processes of one supervisor: started, watched for their end, stopped in reverse order."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from pathlib import Path

from embedded.logs import Logs
from embedded.processes import Process
from embedded.run_file import RunningProcess

SERVICE_STOP_SECONDS = 20


class ProcessGroup:
    """The children, each made known to the watchdog as soon as it exists."""

    def __init__(self, data: Path, logs: Logs) -> None:
        self.logs = logs
        self._stages: list[list[Process]] = []
        self._watchdog = subprocess.Popen(
            [sys.executable, "-m", "embedded.watchdog", str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stage(self) -> None:
        """Begin a stage: a stage is stopped as a whole, before the ones begun earlier."""
        self._stages.append([])

    def add(self, process: Process) -> None:
        """Watch a process that was just started."""
        self._stages[-1].append(process)
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.write(f"{process.pid} {process.started_at}\n".encode())
            self._watchdog.stdin.flush()

    async def until_one_ends(self) -> str:
        """Wait until a process ends by itself and return its last words."""
        waiting = {asyncio.create_task(process.wait()): process for process in self._all()}
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        ended = next(iter(done))
        return waiting[ended].failure_message(f"ended with exit code {ended.result()}")

    async def stop(self) -> None:
        """Stop the stages, the last one first."""
        for stage in reversed(self._stages):
            stopping = [process.stop(within=SERVICE_STOP_SECONDS) for process in stage]
            await asyncio.gather(*stopping)
        self._stages.clear()
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._watchdog.wait, 10)

    def kill(self) -> None:
        """Kill everything now, for somebody who does not want to wait."""
        for process in self._all():
            process.send(signal.SIGKILL)

    def describe(self, process: Process) -> RunningProcess:
        """Return what others may know of a process."""
        log = str(self.logs.path(process.name))
        return RunningProcess(process.name, process.pid, process.started_at, log)

    def describe_all(self) -> dict[str, RunningProcess]:
        """Return what others may know of every process."""
        return {process.name: self.describe(process) for process in self._all()}

    def _all(self) -> list[Process]:
        return [process for stage in self._stages for process in stage]
