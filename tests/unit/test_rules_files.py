"""The house rules for files: small, documented, pinned, and no word of a particular network."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from support.repository import ROOT, python_files

MAX_LINES = 400
MAX_MEDIAN = 100
# Written apart, so that this file does not name what it refuses.
REGISTRIES = re.compile(
    r"(--(extra-)?index-url|--find-links|--trusted-host)"
    r"|\b(pypi|files\.pythonhosted|repo1?\.maven|registry\.npmjs|deb\.debian|proxy\.golang"
    r"|registry-1\.docker|ghcr|quay)\.(org|io|apache\.org)\b"
)
PIN = re.compile(r"^([a-z0-9._-]+(?:\[[a-z,]+\])?)==(\S+)", re.MULTILINE)


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def docstring_of(text: str) -> str | None:
    return ast.get_docstring(ast.parse(text))


def tracked_files() -> list[Path]:
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30)
    if listed.returncode != 0:
        pytest.fail(f"the rules are checked in a git checkout: {listed.stderr}")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def pinned(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Return version and digests of each requirement."""
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    found = {}
    for entry in entries:
        match = PIN.match(entry)
        assert match, f"not pinned: {entry.splitlines()[0]}"
        digests = frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", entry))
        found[match.group(1)] = (match.group(2), digests)
    return found


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_python_file_is_small_and_says_what_it_is_for(path: Path) -> None:
    assert lines_of(path) <= MAX_LINES
    assert docstring_of(path.read_text())


def test_median_source_file_is_below_a_hundred_lines() -> None:
    sizes = sorted(lines_of(path) for path in python_files() if "src" in path.parts)
    assert sizes[len(sizes) // 2] < MAX_MEDIAN


def test_no_registry_is_named() -> None:
    named = []
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        named += [
            f"{path.relative_to(ROOT)}: {match.group()}" for match in REGISTRIES.finditer(text)
        ]
    assert [line for line in named if not line.startswith("tests/unit/test_rules_files.py")] == []


def test_the_registry_rule_knows_what_it_refuses() -> None:
    host = ".".join(["https://pypi", "org/simple"])
    assert REGISTRIES.search(f"--index-url {host}")
    assert REGISTRIES.search(host)
    assert not REGISTRIES.search("pip install --require-hashes -r requirements.lock")


@pytest.mark.parametrize("name", ["requirements.lock", "deploy/requirements.lock"])
def test_lock_is_pinned_and_hashed(name: str) -> None:
    assert [package for package, (_, digests) in pinned(ROOT / name).items() if not digests] == []


def test_services_run_on_what_was_tested() -> None:
    tested, deployed = pinned(ROOT / "requirements.lock"), pinned(ROOT / "deploy/requirements.lock")
    assert {name: pin for name, pin in deployed.items() if tested.get(name) != pin} == {}


def test_every_member_of_the_workspace_is_checked_for_types() -> None:
    configured = (ROOT / "pyproject.toml").read_text()
    missing = [
        str(project.parent.relative_to(ROOT))
        for project in ROOT.glob("*/*/pyproject.toml")
        if f'"{project.parent.relative_to(ROOT)}/src"' not in configured
    ]
    assert missing == []
