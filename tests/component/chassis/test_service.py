"""A service as a process: started, asked, stopped, and failing as it should."""

import asyncio
import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from embedded.ports import free_port
from support.databases import DatabaseFactory
from support.processes import ServiceProcess
from support.waiting import eventually

Start = Callable[..., ServiceProcess]


@pytest.fixture
async def environment(database: DatabaseFactory) -> dict[str, str]:
    return {
        "PYTHONPATH": str(Path(__file__).parent),
        "ENVIRONMENT": "production",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "DEMO_DATABASE_URL": await database("chassis"),
        "DEMO_HTTP_PORT": "0",
        "DEMO_METRICS_PORT": "0",
        "DEMO_SHUTDOWN_GRACE_SECONDS": "5",
    }


async def address(process: ServiceProcess, loop: str = "http") -> str:
    listening = rf'"address":"([0-9.:]+)","loop":"{loop}"'
    found = await eventually(lambda: re.search(listening, process.output), within=20)
    return f"http://{found[1]}"


def events(process: ServiceProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.output.splitlines() if line.startswith("{")]


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=10) as client:
        return await client.get(url)


async def answering(url: str) -> httpx.Response:
    async def ask() -> httpx.Response | None:
        try:
            return await get(url)
        except httpx.TransportError:
            return None

    answer = await eventually(ask, within=20)
    assert answer is not None
    return answer


async def test_all_in_one_process_answers_works_and_stops_in_order(
    start_process: Start, environment: dict[str, str]
) -> None:
    process = start_process("demo_service", "all", env=environment)
    base, operations = await address(process), await address(process, "metrics-http")

    assert (await answering(f"{operations}/health/ready")).json()["status"] == "ready"
    live = await get(f"{operations}/health/live")
    assert "worker" in live.json()["beats"]
    slow = asyncio.create_task(get(f"{base}/slow?seconds=1"))
    await eventually(lambda: "demo.begun" in process.output)
    await eventually(lambda: not slow.done())
    metrics = (await get(f"{operations}/metrics")).text
    for path in ("/metrics", "/health/ready", "/health/live"):
        assert (await get(f"{base}{path}")).status_code == 404, "not on the public port"
    assert "outbox_pending 0.0" in metrics
    assert "relay_lag_seconds 0.0" in metrics

    assert await asyncio.to_thread(process.terminate) == 0

    assert (await slow).text == "done", "what was begun is finished"
    stopped = [line["loop"] for line in events(process) if line["event"] == "loop.stopped"]
    assert stopped == ["http", "metrics", "worker", "metrics-http"]
    assert events(process)[-1]["event"] == "service.stopped"


async def test_a_process_that_only_works_has_nothing_but_health_and_metrics(
    start_process: Start, environment: dict[str, str]
) -> None:
    port = free_port()
    process = start_process(
        "demo_service", "work", env=environment | {"DEMO_METRICS_PORT": str(port)}
    )

    answer = await answering(f"http://127.0.0.1:{port}/health/live")

    assert answer.status_code == 200
    assert (await get(f"http://127.0.0.1:{port}/slow?seconds=0")).status_code == 404
    assert await asyncio.to_thread(process.terminate) == 0


def test_a_loop_that_dies_takes_the_process_down_loudly(
    start_process: Start, environment: dict[str, str]
) -> None:
    process = start_process("demo_service", "all", env=environment | {"DEMO_DIES": "1"})

    assert process.wait() == 1

    died = [line for line in events(process) if line["event"] == "loop.died"]
    assert died[0]["loop"] == "worker"
    assert "as asked" in died[0]["exception"]
    assert events(process)[-1]["event"] == "process.died"


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        (
            {"DEMO_HTTP_PORT": "x"},
            2,
            "DEMO_HTTP_PORT 'x' is wrong: input should be a valid integer",
        ),
        (
            {"DEMO_DATABASE_URL": "postgresql://demo:hunter2@127.0.0.1:1/demo"},
            1,
            "cannot be reached",
        ),
    ],
)
def test_what_cannot_start_says_why_in_a_sentence(
    start_process: Start,
    environment: dict[str, str],
    change: dict[str, str],
    code: int,
    sentence: str,
) -> None:
    process = start_process("demo_service", "serve", env=environment | change)

    assert process.wait() == code
    assert sentence in process.output
    assert "Traceback" not in process.output
    assert "hunter2" not in process.output


async def test_a_port_that_is_taken_is_explained(
    start_process: Start, environment: dict[str, str]
) -> None:
    first = start_process("demo_service", "serve", env=environment)
    taken = (await address(first)).rpartition(":")[2]

    second = start_process("demo_service", "serve", env=environment | {"DEMO_HTTP_PORT": taken})

    assert await asyncio.to_thread(second.wait) == 1
    assert "change DEMO_HTTP_PORT" in second.output
    assert "Traceback" not in second.output


async def test_a_second_signal_ends_it_at_once(
    start_process: Start, environment: dict[str, str]
) -> None:
    process = start_process("demo_service", "serve", env=environment)
    base = await address(process)
    await answering(f"{base}/slow?seconds=0")
    hanging = asyncio.create_task(get(f"{base}/slow?seconds=9"))
    await eventually(lambda: process.output.count("demo.begun") == 2)

    process._popen.send_signal(signal.SIGTERM)
    await eventually(lambda: "process.stopping" in process.output)
    process._popen.send_signal(signal.SIGTERM)

    assert await asyncio.to_thread(process.wait) == 1
    with pytest.raises(httpx.TransportError):
        await hanging


def test_bus_status_is_there_for_every_service(
    start_process: Start, environment: dict[str, str]
) -> None:
    process = start_process("demo_service", "bus", "status", "--json", env=environment)

    assert process.wait() == 0
    assert json.loads(process.output)["outbox_pending"] == 0


def test_skipping_what_is_not_parked_says_so(
    start_process: Start, environment: dict[str, str]
) -> None:
    process = start_process(
        *("demo_service", "bus", "skip", "--topic", "scim-events", "--note", "x"),
        *("--tenant", "0199f3a0-7c1e-7d52-9a41-3f0c5e8b2d10"),
        env=environment,
    )

    assert process.wait() == 1
    assert process.output.startswith("Nothing to skip: no event of tenant")
