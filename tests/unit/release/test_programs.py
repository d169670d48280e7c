"""A program that fails, hangs or is missing is a sentence."""

import sys
from pathlib import Path

import pytest

from release.errors import ReleaseError
from release.programs import run


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_what_it_writes_is_returned(tmp_path: Path) -> None:
    assert run(python("print('done')"), tmp_path) == "done"


def test_a_failure_shows_both_of_its_streams(tmp_path: Path) -> None:
    program = "import sys; print('one'); print('two', file=sys.stderr); sys.exit(1)"

    with pytest.raises(ReleaseError, match=r"(?s)failed: one.two"):
        run(python(program), tmp_path)


def test_one_that_takes_too_long_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"did not end within 0\.2 seconds"):
        run(python("import time; time.sleep(60)"), tmp_path, within=0.2)


def test_one_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no-such-program did not start"):
        run(["no-such-program"], tmp_path)
