"""Who holds a data directory, and what is said about it."""

import json
import os
from pathlib import Path

import psutil
import pytest

from embedded.errors import EmbeddedError
from embedded.run_file import Run, RunDirectory, RunningProcess, RunningService, is_alive


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path / ".data")


def a_run(directory: RunDirectory) -> Run:
    process = RunningProcess("scim", 1, 2.0, "scim.log")
    service = RunningService(
        "scim", "scim", "http://s", "http://h", "postgresql://d", {"A": "b"}, {"C": "d"}, [process]
    )
    me = RunningProcess.of_this_process("all.log")
    return Run(me, str(directory.path), "python", {}, {}, {"scim": service})


def test_what_was_written_is_read_while_it_is_held(directory: RunDirectory) -> None:
    with directory.locked():
        directory.write(a_run(directory))
        assert directory.read() == a_run(directory)
        assert directory.supervisor() == psutil.Process()


def test_only_its_owner_may_read_it(directory: RunDirectory) -> None:
    with directory.locked():
        # Left by a supervisor that was killed while it wrote.
        directory.file.with_suffix(".part").touch(0o644)
        directory.write(a_run(directory))
        assert directory.file.stat().st_mode & 0o777 == 0o600


def test_nothing_runs_once_it_is_released(directory: RunDirectory) -> None:
    with directory.locked():
        directory.write(a_run(directory))
    assert not directory.file.exists()
    assert directory.supervisor() is None
    with pytest.raises(EmbeddedError, match="make up"):
        directory.read()


def test_a_second_supervisor_is_refused(directory: RunDirectory) -> None:
    second = RunDirectory(directory.path).locked()
    refused = pytest.raises(EmbeddedError, match=r"running already.*make down")
    with directory.locked(), refused, second:
        pass


def test_a_later_process_with_the_same_id_is_not_taken_for_the_supervisor(
    directory: RunDirectory,
) -> None:
    directory.path.mkdir()
    pid, started_at = os.getpid(), psutil.Process().create_time() - 1000
    (directory.path / "lock").write_text(json.dumps({"pid": pid, "started_at": started_at}))
    assert directory.supervisor() is None
    assert not is_alive(pid, started_at)


@pytest.mark.parametrize("content", ["", "{", '{"pid": 1}', '{"pid": 99999999, "started_at": 1}'])
def test_a_broken_lock_means_that_nothing_runs(directory: RunDirectory, content: str) -> None:
    directory.path.mkdir()
    (directory.path / "lock").write_text(content)
    assert directory.supervisor() is None
