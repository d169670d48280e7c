"""Fixtures that every tier uses: real servers by a ladder of backends, databases, processes."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from chassis.bus.topics import create_topics
from embedded.jars import ensure_jars
from embedded.kafka import KafkaBroker
from embedded.logs import Logs
from embedded.ports import free_port
from support import backends
from support.databases import DatabaseFactory, Databases
from support.processes import ServiceProcess

# How long an example takes says nothing on a machine that does other things as well.
settings.register_profile(
    "portico", settings.get_profile(settings.get_current_profile_name()), deadline=None
)
settings.load_profile("portico")


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
    argv = [sys.executable, "-m", "chassis.bus.topics", "--bootstrap", bootstrap]
    with backends.run_lock():
        result = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    return bootstrap


@pytest.fixture
async def own_kafka(tmp_path: Path) -> AsyncIterator[str]:
    """Return the bootstrap address of a broker that no other test writes to.

    A whole service consumes with its own group name and from the beginning of each topic: on the
    shared broker it would meet the tenants that other tests made up.
    """
    port = free_port()
    logs = Logs(tmp_path / "kafka-logs")
    broker = KafkaBroker(
        data=tmp_path / "kafka",
        port=port,
        controller_port=free_port(frozenset({port})),
        logs=logs,
    )
    await asyncio.to_thread(ensure_jars)
    await broker.start()
    try:
        await create_topics(broker.bootstrap)
        yield broker.bootstrap
    finally:
        await broker.stop()
        logs.close()


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
