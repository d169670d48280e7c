"""What the stack writes is its owner's alone, also where an earlier one left it open."""

import asyncio
import os
import stat
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from embedded.logs import Logs
from embedded.processes import Command, Process
from embedded.run_file import RunDirectory


@pytest.fixture(autouse=True)
def generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_logs_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "logs"
    directory.mkdir(0o755)
    logs = Logs(directory)
    logs.write("scim", b"line\n")
    logs.close()
    assert mode(directory) == 0o700
    assert {mode(path) for path in directory.iterdir()} == {0o600}


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_what_a_child_makes_is_readable_by_its_owner_only(
    tmp_path: Path, run: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    code = "import os; os.mkdir('made'); open('made/file', 'w').close()"
    command = Command("maker", ["env", "-C", str(tmp_path), sys.executable, "-c", code])
    logs = Logs(tmp_path / "logs")
    run(Process(command, logs).run(within=30))
    logs.close()
    assert mode(tmp_path / "made") == 0o700
    assert mode(tmp_path / "made/file") == 0o600


def test_a_new_data_directory_can_be_passed_but_not_listed(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / ".data")
    with directory.locked():
        assert mode(directory.path) == 0o711
        assert mode(directory.path / "lock") == 0o600
