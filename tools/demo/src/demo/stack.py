"""The embedded stack, seen from outside: started as a process, described by its `run.json`.

A stack that was started here ends here, however this process ends: on every way out, and by the
kernel's hand (PR_SET_PDEATHSIG) when this process is killed.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from embedded.processes import die_with_parent

START_WITHIN = 120.0
STOP_WITHIN = 40.0
COMMAND_WITHIN = 60.0


class StackError(Exception):
    """The stack does not do what is needed; the message says what, and shows its last words."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with a SCIM token."""

    name: str
    tenant_id: str
    scim_url: str
    token: str


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack."""

    run_file: Path

    @property
    def run(self) -> Mapping[str, Any]:
        """Return what the supervisor wrote about what it runs."""
        described: Mapping[str, Any] = json.loads(self.run_file.read_text())
        return described

    def service(self, name: str) -> Mapping[str, Any]:
        """Return what is said of a service: address, DSN, environment, processes."""
        found: Mapping[str, Any] = self.run["services"][name]
        return found

    @property
    def directory_dsn(self) -> str:
        """Return the address of the directory's database."""
        return str(self.service("tenant-directory")["dsn"])

    @property
    def addresses(self) -> dict[str, str]:
        """Return what a person may want to open."""
        run = self.run
        services = {name: str(service["url"]) for name, service in run["services"].items()}
        servers = {"kafka": str(run["kafka"]["bootstrap"]), "logs": f"{run['data']}/logs/all.log"}
        return services | servers | {"everything": str(self.run_file)}

    def process_id(self, service: str, name: str) -> int:
        """Return the process id of one of a service's processes, `scim-work` for instance."""
        processes = self.service(service)["processes"]
        return next(int(process["pid"]) for process in processes if process["name"] == name)

    def make_tenant(self, name: str, *extra: str) -> Tenant:
        """Make a tenant with a default role and a SCIM token."""
        data = str(self.run_file.parent)
        made = json.loads(self.command("embedded", "tenant", name, "--data", data, *extra))
        return Tenant(name, made["tenant_id"], made["scim_base_url"], made["token"])

    def directory(self, *arguments: str) -> Any:
        """Run a command of the directory and return what it prints as JSON."""
        return json.loads(self.command("tenant_directory", *arguments, "--json"))

    def command(self, module: str, *arguments: str) -> str:
        """Run `python -m module …` against this stack and return what it prints."""
        argv = [sys.executable, "-m", module, *arguments]
        env = dict(os.environ)
        for service in self.run["services"].values():
            env |= service["env"]
        done = subprocess.run(
            argv, env=env, capture_output=True, text=True, timeout=COMMAND_WITHIN, check=False
        )
        if done.returncode:
            words = (done.stderr or done.stdout).strip()
            raise StackError(f"`{module} {' '.join(arguments)}` failed: {words}")
        return done.stdout


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Turn SIGTERM into the same orderly way out as Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def running_stack(
    given: Path | None = None, *, apart: bool = False, env: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """Use the given stack, or run one of its own in a data directory of its own."""
    if given is not None:
        if not given.exists():
            raise StackError(f"{given} does not exist: start the stack with `make up`")
        yield Stack(given)
        return
    with temporary_data_directory() as data, started_stack(data, apart=apart, env=env) as stack:
        yield stack


@contextmanager
def temporary_data_directory() -> Iterator[Path]:
    """Make a data directory that is gone afterwards."""
    data = Path(tempfile.mkdtemp(prefix="portico-"))
    # PostgreSQL runs under another account when this one is root, and has to reach its files.
    data.chmod(0o711)
    try:
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def started_stack(
    data: Path, *, apart: bool = False, env: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """Run a stack on this data directory; `apart` serves and works in processes of their own."""
    log = data / "up.log"
    argv = [sys.executable, "-m", "embedded", "up", "--data", str(data)]
    argv += ["--apart"] if apart else []
    with log.open("wb") as output:
        process = subprocess.Popen(
            die_with_parent(argv, death_signal=signal.SIGTERM),
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _wait_until_up(process, data, log)
    except StackError as error:
        if process.poll() is None:
            raise
        raise StackError(f"{error}\nThe stack had ended by itself:\n{_tail(log)}") from error
    finally:
        _stop(process)


def _wait_until_up(process: subprocess.Popen[bytes], data: Path, log: Path) -> Stack:
    run_file = data / "run.json"
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StackError("the stack did not start")
        if run_file.exists():
            return Stack(run_file)
        time.sleep(0.1)
    raise StackError(f"the stack was not up within {START_WITHIN:.0f} s:\n{_tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
