"""Children end with their parent, say why they ended, and their lines reach the logs whole."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from embedded.errors import EmbeddedError
from embedded.logs import Logs
from embedded.processes import Command, Process, die_with_parent
from support.processes import gone
from support.waiting import eventually

PARENT = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[1:])
print(child.pid, flush=True)
time.sleep(600)
"""
FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Logs]:
    logs = Logs(tmp_path)
    yield logs
    logs.close()


def python(name: str, code: str) -> Command:
    return Command(name, [sys.executable, "-c", code])


async def test_a_child_dies_when_its_parent_is_killed() -> None:
    argv = [sys.executable, "-c", PARENT, *die_with_parent(FOREVER)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        await eventually(lambda: child.cmdline() == FOREVER)
        parent.kill()
    await eventually(lambda: gone(child))


async def test_a_watchdog_ends_what_is_left_behind(tmp_path: Path) -> None:
    run_file = tmp_path / "run.json"
    run_file.touch()
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "embedded.watchdog", str(tmp_path)], stdin=subprocess.PIPE, text=True
    )
    with subprocess.Popen(FOREVER) as left_behind, watchdog:
        started_at = psutil.Process(left_behind.pid).create_time()
        watchdog.communicate(f"{left_behind.pid} {started_at}\n", timeout=30)
        assert left_behind.wait(10) == -signal.SIGKILL
    assert not run_file.exists()


async def test_output_is_written_in_whole_lines_with_prefixes(logs: Logs) -> None:
    await Process(python("scim", "print('one'); print('two', end='')"), logs).run(within=30)
    await Process(python("directory", "print('three')"), logs).run(within=30)
    assert logs.path("scim").read_text() == "one\ntwo\n"
    lines = [line.split(" | ") for line in logs.path("all").read_text().splitlines()]
    assert [(name.strip(), text) for name, text in lines] == [
        ("scim", "one"),
        ("scim", "two"),
        ("directory", "three"),
    ]


async def test_a_failure_ends_with_the_last_words(logs: Logs) -> None:
    with pytest.raises(EmbeddedError, match=r"scim ended with exit code 3[\s\S]*no such database"):
        await Process(python("scim", "print('no such database'); exit(3)"), logs).run(within=30)


async def test_a_run_that_takes_too_long_is_ended(logs: Logs) -> None:
    process = Process(Command("scim", FOREVER), logs)
    with pytest.raises(EmbeddedError, match="did not end within"):
        await process.run(within=0.2)
    assert not process.alive


async def test_a_process_that_ignores_the_request_to_stop_is_killed(logs: Logs) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\n"
    process = Process(python("scim", f"{code}while True: time.sleep(1)"), logs)
    await process.start()
    await eventually(lambda: "deaf" in logs.tail("scim"))
    began = time.monotonic()
    await process.stop(within=0.2)
    assert not process.alive
    assert time.monotonic() - began < 10
