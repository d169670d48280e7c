"""Runs one server for a whole test run, and ends with the run however that ends.

Run as `python -m support.server_process postgres|kafka embedded|docker DIRECTORY OWNER_PID`. It
writes DIRECTORY/<kind>.json when the server is ready, or DIRECTORY/<kind>.error. The owner is the
pytest process that controls the run, not an xdist worker; the kernel tells when it is gone (pidfd),
so a run that got SIGKILL leaves neither server nor directory.
"""

import asyncio
import json
import os
import secrets
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.jars import ensure_jars
from embedded.kafka import KafkaBroker
from embedded.logs import Logs
from embedded.ports import free_port
from embedded.postgres import PostgresServer


async def run_server(kind: str, backend: str, directory: Path, owner: int) -> None:
    """Start the server, say where it is, and keep it until the owner is gone."""
    owner_gone = asyncio.Event()
    # Watched before anything starts, so that a short-lived owner is not missed.
    pidfd = os.pidfd_open(owner)
    asyncio.get_running_loop().add_reader(pidfd, owner_gone.set)
    try:
        async with SERVERS[f"{backend}/{kind}"](directory) as address:
            _publish(directory / f"{kind}.json", json.dumps(address))
            await owner_gone.wait()
    except Exception as error:
        _publish(directory / f"{kind}.error", str(error) or repr(error))
        await owner_gone.wait()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        _remove_when_last(directory.parent)


@asynccontextmanager
async def _embedded_postgres(directory: Path) -> AsyncIterator[dict[str, str]]:
    server = PostgresServer(
        data=directory / "postgres",
        port=free_port(),
        password=secrets.token_urlsafe(16),
        logs=Logs(directory / "logs"),
        durable=False,
    )
    await server.start()
    try:
        yield {"address": server.dsn(), "version": await server.version()}
    finally:
        await server.stop()


@asynccontextmanager
async def _embedded_kafka(directory: Path) -> AsyncIterator[dict[str, str]]:
    await asyncio.to_thread(ensure_jars)
    port = free_port()
    broker = KafkaBroker(
        data=directory / "kafka",
        port=port,
        controller_port=free_port(frozenset({port})),
        logs=Logs(directory / "logs"),
    )
    await broker.start()
    try:
        yield {"address": broker.bootstrap}
    finally:
        await broker.stop()


@asynccontextmanager
async def _docker_postgres(directory: Path) -> AsyncIterator[dict[str, str]]:
    from support import docker

    container = docker.postgres_container()
    await asyncio.to_thread(container.start)
    try:
        yield {"address": container.get_connection_url()}
    finally:
        await asyncio.to_thread(container.stop)


@asynccontextmanager
async def _docker_kafka(directory: Path) -> AsyncIterator[dict[str, str]]:
    from support import docker

    container = docker.ApacheKafkaContainer()
    await asyncio.to_thread(container.start)
    try:
        yield {"address": container.get_bootstrap_server()}
    finally:
        await asyncio.to_thread(container.stop)


SERVERS = {
    "embedded/postgres": _embedded_postgres,
    "embedded/kafka": _embedded_kafka,
    "docker/postgres": _docker_postgres,
    "docker/kafka": _docker_kafka,
}


def _remove_when_last(run: Path) -> None:
    if not any(path.is_dir() for path in run.iterdir()):
        shutil.rmtree(run, ignore_errors=True)


def _publish(path: Path, text: str) -> None:
    """Write the file in one step, so that nobody reads half of it."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(text)
    unfinished.replace(path)


if __name__ == "__main__":
    kind_, backend_, directory_, owner_ = sys.argv[1:]
    try:
        asyncio.run(run_server(kind_, backend_, Path(directory_), int(owner_)))
    except (EmbeddedError, KeyboardInterrupt) as error_:
        sys.exit(str(error_))
