"""A first start that is interrupted while initdb runs leaves nothing that breaks the next one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from embedded.errors import EmbeddedError
from embedded.logs import Logs
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from support.waiting import eventually

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Logs]:
    logs = Logs(tmp_path / "logs")
    yield logs
    logs.close()


def server(directory: Path, logs: Logs) -> PostgresServer:
    return PostgresServer(
        data=directory / "postgres",
        port=free_port(),
        password="secret",
        logs=logs,
        durable=False,
    )


async def initdb_amid_its_work(directory: Path) -> psutil.Process:
    """Return initdb once it has written PG_VERSION, which is long before it is done."""
    await eventually(lambda: any(directory.rglob("PG_VERSION")), within=60, every=0.001)
    children = psutil.Process().children(recursive=True)
    return next(child for child in children if child.name() == "initdb")


async def assert_starts(directory: Path, logs: Logs) -> None:
    postgres = server(directory, logs)
    await postgres.start()
    assert await postgres.version()
    await postgres.stop()
    names = {path.name for path in directory.iterdir()}
    assert names == {"postgres", "logs"}


async def test_the_next_start_works_after_a_killed_initdb(tmp_path: Path, logs: Logs) -> None:
    starting = asyncio.create_task(server(tmp_path, logs).start())
    (await initdb_amid_its_work(tmp_path)).kill()
    with pytest.raises(EmbeddedError, match="ended with exit code -9"):
        await starting
    await assert_starts(tmp_path, logs)


async def test_the_next_start_works_after_a_cancelled_one(tmp_path: Path, logs: Logs) -> None:
    starting = asyncio.create_task(server(tmp_path, logs).start())
    initdb = await initdb_amid_its_work(tmp_path)
    # As when another part of the stack fails at the same time, a port that is taken for instance.
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not initdb.is_running()
    await assert_starts(tmp_path, logs)


async def test_what_a_killed_supervisor_left_is_removed(tmp_path: Path, logs: Logs) -> None:
    left = tmp_path / "postgres.initdb-killed"
    left.mkdir()
    (left / "PG_VERSION").touch()
    await assert_starts(tmp_path, logs)


async def test_a_directory_of_somebody_elses_files_is_refused(tmp_path: Path, logs: Logs) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "thesis.txt").touch()
    with pytest.raises(EmbeddedError, match="cannot become PostgreSQL's data directory"):
        await server(tmp_path, logs).start()
    assert (tmp_path / "postgres" / "thesis.txt").exists()
