"""A bus whose relay and consumers are processes of their own, to be killed."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fault.workload import Start
from support.bus import Bus, KafkaBroker, open_bus
from support.databases import DatabaseFactory
from support.processes import ServiceProcess

TESTS = Path(__file__).parents[1]


@pytest.fixture
async def bus(kafka: str, database: DatabaseFactory) -> AsyncIterator[Bus]:
    """Return two databases and Kafka; relay and consumers are processes of their own."""
    async with open_bus(KafkaBroker(kafka), database) as made:
        yield made


@pytest.fixture
def start(bus: Bus, kafka: str, tmp_path: Path) -> Iterator[Start]:
    """Return a starter: `start("relay", fault="relay.before_send:3")`."""
    started: list[ServiceProcess] = []

    def start_one(role: str, *, fault: str = "") -> ServiceProcess:
        arguments = [bus.producer_dsn, kafka]
        if role == "consumer":
            arguments = [bus.consumer_dsn, kafka, bus.group]
        process = ServiceProcess(
            ["fault.bus_process", role, *arguments],
            env={"PYTHONPATH": f"{TESTS}:{os.environ.get('PYTHONPATH', '')}", "FAULT": fault},
            log=tmp_path / f"{len(started)}-{role}.log",
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
