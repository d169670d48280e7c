"""Whoever is outside a room of the chassis takes only what its facade names."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.repository import ROOT, python_files

CHASSIS = ROOT / "libs/chassis/src/chassis"
ROOMS = {path.parent.name for path in CHASSIS.glob("*/__init__.py")}
SOURCES = [path for path in python_files() if "src" in path.parts]


def bypasses(text: str, room: str | None) -> Iterator[str]:
    """Yield the modules inside other rooms of the chassis that a file imports."""
    for node in ast.walk(ast.parse(text)):
        modules = []
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            modules = [node.module]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            parts = module.split(".")
            if parts[0] == "chassis" and len(parts) > 2 and parts[1] in ROOMS - {room}:
                yield module


def room_of(path: Path) -> str | None:
    return path.relative_to(CHASSIS).parts[0] if path.is_relative_to(CHASSIS) else None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_through_the_facade(path: Path) -> None:
    assert list(bypasses(path.read_text(), room_of(path))) == []


def test_a_bypass_is_noticed() -> None:
    text = "from chassis.bus.codec import decode\nimport chassis.inbox.apply\n"
    assert list(bypasses(text, None)) == ["chassis.bus.codec", "chassis.inbox.apply"]
    assert list(bypasses(text, "bus")) == ["chassis.inbox.apply"]


def strange_queries(text: str, package: str) -> Iterator[str]:
    """Yield the packages, other than its own, whose queries a file reads."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "read_queries" and node.args:
            named = ast.literal_eval(node.args[0])
            if named != package:
                yield named


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_reads_its_own_queries_alone(path: Path) -> None:
    package = ".".join(path.parts[path.parts.index("src") + 1 : -1])
    assert list(strange_queries(path.read_text(), package)) == []


def test_strange_queries_are_noticed() -> None:
    text = 'QUERIES = read_queries("chassis.bus", "bus")'
    assert list(strange_queries(text, "chassis.outbox")) == ["chassis.bus"]
    assert list(strange_queries(text, "chassis.bus")) == []
