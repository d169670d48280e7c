"""`.data/run.json`: everything that runs, for any client, benchmark or test to be pointed at it.

The file exists only while the stack is ready. It holds passwords and the services' settings, secret
ones too, so only its owner may read it.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from embedded.errors import EmbeddedError
from embedded.private import private_file


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process, told apart from a later one with the same id by when it began."""

    name: str
    pid: int
    started_at: float
    log: str

    @classmethod
    def of_this_process(cls, log: str) -> "RunningProcess":
        """Describe the process that asks."""
        me = psutil.Process()
        return cls("supervisor", me.pid, me.create_time(), log)


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service: where it answers, and the settings that its commands need as environment."""

    name: str
    package: str
    url: str
    health_url: str
    """Of the process that answers HTTP: where its health and metrics are."""
    dsn: str
    env: dict[str, str]
    migration_env: dict[str, str]
    """What `migrate` alone gets besides: the address by the role that owns the tables."""
    processes: list[RunningProcess] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    """What the supervisor started or was given."""

    supervisor: RunningProcess
    data: str
    python: str
    postgres: dict[str, object]
    kafka: dict[str, object]
    services: dict[str, RunningService]
    dns: dict[str, object] = field(default_factory=dict)
    """The sandbox's zone; empty where resolvers were given."""
    sign_on: dict[str, object] = field(default_factory=dict)
    """The sandbox's identity provider and an app; empty outside of development."""


def is_alive(pid: int, started_at: float) -> bool:
    """Tell whether the process with this id is the one that began then."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started_at) < 1
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class RunDirectory:
    """The `.data` directory: who holds it, and what it says is running."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.file = self.path / "run.json"
        self._lock = self.path / "lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory as the only supervisor; raise when another one does."""
        # Others may pass through, as PostgreSQL's account has to, but not look around.
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        with private_file(self._lock).open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EmbeddedError(
                    f"The stack in {self.path} is running already."
                    " `make down` stops it; DATA=… starts another one elsewhere."
                ) from None
            # One that was killed could not remove what it had written.
            self.file.unlink(missing_ok=True)
            lock.truncate(0)
            me = psutil.Process()
            lock.write(json.dumps({"pid": me.pid, "started_at": me.create_time()}))
            lock.flush()
            try:
                yield
            finally:
                self.file.unlink(missing_ok=True)
                lock.truncate(0)

    def supervisor(self) -> psutil.Process | None:
        """Return the supervisor that holds the directory, if it lives."""
        with contextlib.suppress(OSError, ValueError, KeyError, psutil.NoSuchProcess):
            held = json.loads(self._lock.read_text())
            if is_alive(held["pid"], held["started_at"]):
                return psutil.Process(held["pid"])
        return None

    def remove_stale_run(self) -> None:
        """Remove what a supervisor wrote that was killed, unless another one runs by now."""
        if self.supervisor() is None:
            self.file.unlink(missing_ok=True)

    def write(self, run: Run) -> None:
        """Publish what runs, in one step."""
        unfinished = self.file.with_suffix(".part")
        # A file that is there already would keep its mode.
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(run), file, indent=2)
            file.write("\n")
        unfinished.replace(self.file)

    def read(self) -> Run:
        """Return what runs; raise when nothing does."""
        if self.supervisor() is None or not self.file.exists():
            raise EmbeddedError(f"No stack is running in {self.path}. `make up` starts one.")
        described = json.loads(self.file.read_text())
        services = {
            name: RunningService(
                **{**service, "processes": [RunningProcess(**p) for p in service["processes"]]}
            )
            for name, service in described["services"].items()
        }
        supervisor = RunningProcess(**described["supervisor"])
        return Run(**{**described, "services": services, "supervisor": supervisor})
