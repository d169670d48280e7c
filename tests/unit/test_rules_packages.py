"""What packages declare and what the requirement files name is one list; the lock follows both."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.repository import ROOT

BUILDS = {"editables", "hatchling"}
SHIPS = sorted(ROOT.glob("libs/*")) + sorted(ROOT.glob("services/*"))
TOOLS = sorted(ROOT.glob("tools/*"))


def project(directory: Path) -> dict[str, Any]:
    """Return the `[project]` table of a package."""
    parsed = tomllib.loads((directory / "pyproject.toml").read_text("utf-8"))
    table: dict[str, Any] = parsed["project"]
    return table


def dependencies(directories: list[Path]) -> set[str]:
    """Return what these packages need from outside the workspace."""
    named = {name for each in directories for name in project(each)["dependencies"]}
    return {name for name in named if not name.startswith("portico-")}


def requirements(name: str) -> set[str]:
    """Return what a requirement file names."""
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {line for line in lines if line and not line.startswith(("#", "-r "))}


def test_what_ships_declares_what_requirements_in_names() -> None:
    assert dependencies(SHIPS) == requirements("requirements.in") - BUILDS


def test_what_tools_need_on_top_is_named() -> None:
    named = requirements("requirements.in") | requirements("requirements-dev.in")
    assert dependencies(TOOLS) - named == set()


def test_the_deployed_lock_holds_no_tool() -> None:
    deployed = (ROOT / "deploy/requirements.lock").read_text("utf-8")
    pinned = {line.partition("==")[0] for line in deployed.splitlines() if "==" in line}
    assert pinned & {"mypy", "pytest", "pyyaml", "ruff"} == set()


@pytest.mark.parametrize("directory", SHIPS + TOOLS, ids=lambda path: path.name)
def test_a_package_says_what_it_is_and_takes_the_one_version(directory: Path) -> None:
    table = project(directory)
    title, _, text = (directory / table["readme"]).read_text("utf-8").partition("\n\n")

    assert title == f"# {table['name']}"
    assert text.strip()
    assert "version" in table["dynamic"]


def test_nothing_is_what_happens_to_be_newest() -> None:
    """An image is named by its version, so that one knows what runs."""
    tag = ":" + "latest"
    folders = [ROOT / name for name in ("deploy", "tools", ".ci", "tests", "docs")]
    files = [path for each in folders for path in each.rglob("*") if _is_source(path)]
    files += [path for path in ROOT.iterdir() if path.is_file()]

    assert [str(path.relative_to(ROOT)) for path in files if tag in _text(path)] == []


def _is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _text(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")
