"""What people read goes through `chassis.printable`: no name from outside steers a terminal."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.repository import ROOT, python_files

PRINTS = {
    "print",
    "typer.echo",
    "typer.secho",
    "click.echo",
    "sys.stdout.write",
    "sys.stderr.write",
    "Console",
    "rich.print",
}
MAY_PRINT = {
    "libs/chassis/src/chassis/cli/printing.py": "everything that commands print goes through it",
    "libs/chassis/src/chassis/settings.py": "what it says is of the environment of who starts it",
    "libs/contracts/src/contracts/generate.py": "a tool of developers, below the chassis",
}
SOURCES = [
    path
    for path in python_files()
    if "src" in path.parts and not path.is_relative_to(ROOT / "tools")
]


def raw_prints(text: str) -> Iterator[str]:
    """Yield the calls that print something else than a text of ours or what was made printable."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in PRINTS:
            continue
        if not node.args or not all(map(_is_harmless, node.args)):
            yield ast.unparse(node)


def _is_harmless(shown: ast.expr) -> bool:
    if isinstance(shown, ast.IfExp):
        return _is_harmless(shown.body) and _is_harmless(shown.orelse)
    if isinstance(shown, ast.Constant):
        return True
    made = [n for n in ast.walk(shown) if isinstance(n, ast.Call)]
    return any(ast.unparse(call.func) == "printable" for call in made)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_printed_is_made_printable(path: Path) -> None:
    if str(path.relative_to(ROOT)) not in MAY_PRINT:
        assert list(raw_prints(path.read_text())) == [], "use `chassis.cli.say`"


def test_a_raw_print_is_noticed() -> None:
    for text in ("typer.echo(f'{name}')", "print(name)", "Console(markup=False)", "print('a', x)"):
        assert list(raw_prints(text)), text
    for text in ("typer.echo('Done.')", "sys.stderr.write(printable(name))", "say(name)"):
        assert not list(raw_prints(text)), text
