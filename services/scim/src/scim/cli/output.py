"""What commands print: tables for people, JSON for programs."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
TenantOption = Annotated[
    str, typer.Option("--tenant", "-t", help="The tenant's name or id.", show_default=False)
]

Facts = Mapping[str, Any]


def print_json(value: Any) -> None:
    """Print one value as indented JSON."""
    text = orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
    sys.stdout.write(text.decode() + "\n")


def print_facts(facts: Facts) -> None:
    """Print one object for a person."""
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), _text(value))
    console().print(table)


def print_rows(rows: Sequence[Facts], columns: Sequence[str]) -> None:
    """Print many objects for a person."""
    table = Table(*(column.replace("_", " ") for column in columns))
    for row in rows:
        table.add_row(*(_text(row[column]) for column in columns))
    console().print(table)


def console() -> Console:
    """Return the console; piped output is never cut to a guessed width."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)


def _text(value: Any) -> str:
    if value is None or value == ():
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)
