"""What commands print: tables for people, JSON for programs."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
TenantOption = Annotated[
    str, typer.Option("--tenant", "-t", help="The tenant's name or id.", show_default=False)
]
ClaimArgument = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="The domain, or the claim's id.")
]

Facts = Mapping[str, Any]


def print_json(value: Any) -> None:
    """Print one value as indented JSON."""
    text = orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2)
    sys.stdout.write(text.decode() + "\n")


def print_facts(facts: Facts, *, as_json: bool) -> None:
    """Print one object."""
    if as_json:
        print_json(facts)
        return
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), _text(value))
    _console().print(table)


def print_rows(rows: Sequence[Facts], *, columns: Sequence[str], as_json: bool) -> None:
    """Print many objects."""
    if as_json:
        print_json(rows)
        return
    table = Table(*(column.replace("_", " ") for column in columns))
    for row in rows:
        table.add_row(*(_text(row[column]) for column in columns))
    _console().print(table)


def _console() -> Console:
    """Return the console; piped output is never cut to a guessed width."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return orjson.dumps(value, default=str).decode()
    return str(value)
