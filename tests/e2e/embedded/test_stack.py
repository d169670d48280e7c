"""The whole stack without Docker, as `make up`, `make tenant` and `make down` run it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from embedded.ports import free_port
from embedded.processes import die_with_parent
from support.processes import gone
from support.repository import ROOT
from support.waiting import eventually

START_SECONDS = 120
pytestmark = pytest.mark.timeout(300)


def run_embedded(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "embedded", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=START_SECONDS)


class Stack:
    """A stack in a directory of its own."""

    def __init__(self, data: Path, env: Mapping[str, str]) -> None:
        self.data = data
        argv = [sys.executable, "-m", "embedded", "up", "--data", str(data)]
        # A new file: what an earlier start said is of no interest.
        self.output = data.with_suffix(".out")
        with self.output.open("w") as output:
            self.supervisor = subprocess.Popen(
                die_with_parent(argv, death_signal=signal.SIGTERM),
                env={**os.environ, **env},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def run(self) -> dict[str, Any]:
        run: dict[str, Any] = json.loads((self.data / "run.json").read_text())
        return run

    def wait_until_up(self) -> "Stack":
        deadline = time.monotonic() + START_SECONDS
        while not (self.data / "run.json").exists():
            assert self.supervisor.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)
        return self

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.supervisor.pid).children(recursive=True)

    def is_ready(self, service: str) -> bool:
        url = self.run["services"][service]["health_url"]
        with urllib.request.urlopen(f"{url}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)

    def zone(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.run['dns']['control']}/zone", timeout=5) as answer:
            zone: list[dict[str, Any]] = json.load(answer)
        return zone


@pytest.fixture
def start_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    started: list[Stack] = []

    def start(name: str = "data", **env: str) -> Stack:
        started.append(Stack(tmp_path / name, env))
        return started[-1]

    yield start
    for stack in started:
        if stack.supervisor.poll() is None:
            stack.supervisor.kill()
        stack.supervisor.wait(30)


async def test_a_stack_starts_serves_stops_and_keeps_its_data(
    start_stack: Callable[..., Stack],
) -> None:
    # The same addresses both times, whatever other stacks take meanwhile.
    ports = {"DEMO_APP_PORT": str(free_port()), "SSO_HTTP_PORT": str(free_port())}
    stack = start_stack(DOMAIN_VERIFIER_CLAIMS_PER_TENANT="1", **ports).wait_until_up()
    assert stack.is_ready("scim")
    assert stack.is_ready("tenant-directory")
    assert stack.is_ready("domain-verifier")
    assert stack.zone() == []
    described = {each["pid"] for each in all_processes(stack.run)}
    assert described <= {process.pid for process in stack.processes()}
    assert open_to_others(stack.data) == []

    second = run_embedded("up", "--data", str(stack.data))
    assert second.returncode == 1
    assert "running already" in second.stderr

    made = run_embedded("tenant", "acme", "--data", str(stack.data))
    assert made.returncode == 0, made.stderr
    tenant = json.loads(made.stdout)
    assert set(tenant) == {"tenant_id", "name", "scim_base_url", "token"}
    assert answer_of(tenant) == 200

    for command in readme_commands():
        env = {**os.environ, "PORTICO_DATA": str(stack.data)}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stderr)

    # A setting that was given to `up` holds for the commands that `run` starts: one claim is made.
    claim = ("run", "domain-verifier", "claim", "second.test", "--tenant", "acme")
    refused = run_embedded(*claim, "--data", str(stack.data))
    assert refused.returncode != 0, refused
    assert "may have 1. Release one" in refused.stderr, refused

    processes = stack.processes()
    assert run_embedded("down", "--data", str(stack.data)).returncode == 0
    assert stack.supervisor.wait(10) == 0, stack.output.read_text()
    assert [process for process in processes if not gone(process)] == []
    assert not (stack.data / "run.json").exists()

    registered = (stack.data / "demo-app.json").read_text()
    again = start_stack(**ports).wait_until_up()
    assert (stack.data / "demo-app.json").read_text() == registered
    scim = again.run["services"]["scim"]["url"]
    assert answer_of(tenant | {"scim_base_url": f"{scim}/scim/v2/{tenant['tenant_id']}"}) == 200


async def test_nothing_is_left_of_a_stack_that_was_killed(
    start_stack: Callable[..., Stack],
) -> None:
    stack = start_stack().wait_until_up()
    processes = stack.processes()
    assert len(processes) > len(all_processes(stack.run))
    stack.supervisor.kill()
    await eventually(lambda: [each for each in processes if not gone(each)] == [], within=20)
    assert not (stack.data / "run.json").exists()


async def test_nothing_is_left_of_a_stack_that_was_killed_while_starting(
    start_stack: Callable[..., Stack],
) -> None:
    stack = start_stack()
    await eventually(lambda: len(stack.processes()) >= 3, within=60, every=0.001)
    processes = stack.processes()
    stack.supervisor.kill()
    await eventually(lambda: [each for each in processes if not gone(each)] == [], within=20)


async def test_given_servers_are_used_instead_of_our_own(
    start_stack: Callable[..., Stack], postgres: str, own_kafka: str
) -> None:
    stack = start_stack(DATABASE_URL=postgres, KAFKA_BOOTSTRAP_SERVERS=own_kafka).wait_until_up()
    assert stack.run["kafka"] == {"bootstrap": own_kafka, "version": "given", "process": None}
    assert stack.run["postgres"]["process"] is None
    assert stack.is_ready("scim")
    names = {process.name() for process in stack.processes()}
    assert not names & {"java", "postgres"}


async def test_a_part_that_ends_takes_the_stack_down_and_is_named(
    start_stack: Callable[..., Stack], postgres: str, own_kafka: str
) -> None:
    stack = start_stack(DATABASE_URL=postgres, KAFKA_BOOTSTRAP_SERVERS=own_kafka).wait_until_up()
    processes = stack.processes()
    os.kill(stack.run["services"]["scim"]["processes"][0]["pid"], signal.SIGKILL)
    assert stack.supervisor.wait(60) == 1
    assert "scim ended with exit code -9" in stack.output.read_text()
    await eventually(lambda: [each for each in processes if not gone(each)] == [], within=20)


def test_a_wrong_setting_stops_the_start_with_a_sentence(
    start_stack: Callable[..., Stack], postgres: str, kafka: str
) -> None:
    given = {"DATABASE_URL": postgres, "KAFKA_BOOTSTRAP_SERVERS": kafka}
    stack = start_stack(SCIM_HTTP_PORT="eighty", **given)
    assert stack.supervisor.wait(60) == 1
    assert "SCIM_HTTP_PORT must be a port from 1 to 65535" in stack.output.read_text()


def readme_commands() -> list[list[str]]:
    """The operator's commands that the README shows, for the tenant that this test has."""
    python = ".venv/bin/python -m embedded run "
    lines = [line.strip() for line in (ROOT / "README.md").read_text().splitlines()]
    found = [line.removeprefix(python).split() for line in lines if line.startswith(python)]
    assert len(found) >= 3
    return [[sys.executable, "-m", "embedded", "run", *words] for words in found]


def open_to_others(data: Path) -> list[Path]:
    """What in a data directory somebody else may list, read or change."""
    return [path for path in [data, *data.rglob("*")] if path.stat().st_mode & 0o066]


def all_processes(run: dict[str, Any]) -> list[dict[str, Any]]:
    services = [each for service in run["services"].values() for each in service["processes"]]
    servers = [run[name]["process"] for name in ("postgres", "kafka", "dns")]
    return [*servers, *services, *run["sign_on"]["processes"]]


def answer_of(tenant: dict[str, str]) -> int:
    request = urllib.request.Request(
        f"{tenant['scim_base_url']}/Users?filter=userName%20eq%20%22nobody%22",
        headers={"Authorization": f"Bearer {tenant['token']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)
