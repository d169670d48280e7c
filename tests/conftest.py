"""Fixtures that every tier uses: real servers by a ladder of backends, databases, processes."""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import pytest

from support import backends
from support.databases import Databases
from support.processes import ServiceProcess

DatabaseFactory = Callable[[str | None], Awaitable[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Let the controlling process own the servers of this run."""
    if not hasattr(config, "workerinput"):
        backends.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Tidy up after a run that needed no server."""
    if not hasattr(config, "workerinput"):
        backends.end_run()


def pytest_report_header() -> list[str]:
    """Say which servers the tests run on."""
    return [f"{kind}: {backends.choose(kind).description}" for kind in ("postgres", "kafka")]


@pytest.fixture(scope="session")
def postgres() -> str:
    """Return the DSN of a PostgreSQL server on which databases may be made."""
    return backends.obtain("postgres")


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[DatabaseFactory]:
    """Return a factory: `await database("scim")` is the DSN of a fresh, migrated database."""
    databases = Databases(postgres)
    yield databases.create
    await databases.drop_all()


@pytest.fixture(scope="session")
def kafka() -> str:
    """Return the bootstrap address of a broker that has every topic; use tenants of your own."""
    bootstrap = backends.obtain("kafka")
    argv = [sys.executable, "-m", "chassis.topics", "--bootstrap", bootstrap]
    with backends.run_lock():
        result = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    return bootstrap


@pytest.fixture
def start_process(tmp_path: Path) -> Iterator[Callable[..., ServiceProcess]]:
    """Return a starter: `start_process("scim", "all", env={...})`; all are killed afterwards."""
    started: list[ServiceProcess] = []

    def start(*argv: str, env: Mapping[str, str]) -> ServiceProcess:
        log = tmp_path / f"{len(started)}-{argv[0]}.log"
        process = ServiceProcess(argv, env=env, log=log)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
