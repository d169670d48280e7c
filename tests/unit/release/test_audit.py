"""The audit says what it found, and never passes silently where nothing was looked for."""

from pathlib import Path
from typing import Any

import pytest

from release.audit import Report, audit, first_requirement

LOCK = """\
idna==3.20 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
rich==15.0.0 \\
    --hash=sha256:cc
"""
CLEAN: dict[str, Any] = {"name": "idna", "version": "3.20", "vulns": []}
WEAK: dict[str, Any] = {
    "name": "rich",
    "version": "15.0.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["15.0.1"]}],
}
SKIPPED: dict[str, Any] = {"name": "rich", "skip_reason": "Dependency not found"}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(LOCK)
    return path


def run_audit(lock: Path, probe: Report | None, full: Report | None) -> tuple[int, list[str]]:
    return audit(lock, lambda path: full if path == lock else probe, lock.with_name("probe.txt"))


def test_the_first_requirement_has_all_its_digests() -> None:
    assert first_requirement(LOCK) == "\n".join(LOCK.splitlines()[:3]) + "\n"


@pytest.mark.parametrize("answer", [None, {"dependencies": [SKIPPED]}])
def test_a_database_out_of_reach_is_said(lock: Path, answer: Report | None) -> None:
    code, lines = run_audit(lock, answer, None)

    assert code == 0
    assert lines[0].startswith("not reached")


def test_a_known_weakness_fails(lock: Path) -> None:
    code, lines = run_audit(lock, {"dependencies": [CLEAN]}, {"dependencies": [CLEAN, WEAK]})

    assert code == 1
    assert lines == [
        "rich 15.0.0: PYSEC-1, mended in 15.0.1",
        "2 packages audited, 1 known weaknesses",
    ]


def test_what_was_not_audited_is_named(lock: Path) -> None:
    code, lines = run_audit(lock, {"dependencies": [CLEAN]}, {"dependencies": [CLEAN, SKIPPED]})

    assert code == 0
    assert lines == ["not audited: rich", "1 packages audited, 0 known weaknesses"]


def test_no_answer_after_a_first_one_is_a_fault(lock: Path) -> None:
    code, lines = run_audit(lock, {"dependencies": [CLEAN]}, None)

    assert code == 1
    assert "no answer" in lines[0]
