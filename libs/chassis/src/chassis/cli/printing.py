"""What commands print: tables for people, JSON for programs."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from chassis.printable import printable, printable_json

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Limit = Annotated[
    int, typer.Option("--limit", min=0, help="Rows of the table; 0 for all. JSON has all always.")
]
TenantOption = Annotated[
    str, typer.Option("--tenant", "-t", help="The tenant's name or id.", show_default=False)
]

Facts = Mapping[str, Any]


def say(sentence: str, *, err: bool = False) -> None:
    """Print a sentence for people: names in it cannot steer the terminal."""
    typer.echo(printable(sentence), err=err)


def print_json(value: Any) -> None:
    """Print one value as indented JSON."""
    sys.stdout.write(_json(value, orjson.OPT_INDENT_2) + "\n")


def print_facts(facts: Facts, *, as_json: bool = False) -> None:
    """Print one object."""
    if as_json:
        print_json(facts)
        return
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(_title(name), _text(value))
    console().print(table)


def print_rows(rows: Sequence[Facts], *, columns: Sequence[str], as_json: bool = False) -> None:
    """Print many objects."""
    if as_json:
        print_json(rows)
        return
    table = Table(*map(_title, columns))
    for row in rows:
        table.add_row(*(_text(row[column]) for column in columns))
    console().print(table)


async def print_stream(
    rows: AsyncIterator[Facts], *, columns: Sequence[str], limit: int, as_json: bool
) -> None:
    """Print very many objects: JSON as an array with a line for each, never held in memory."""
    if as_json:
        await _print_json_stream(rows)
        return
    shown: list[Facts] = []
    more = False
    async for row in rows:
        if limit and len(shown) == limit:
            more = True
            break
        shown.append(row)
    print_rows(shown, columns=columns)
    if more:
        say(f"These are the first {limit}: --limit 0 shows all, --json prints all.", err=True)


def console() -> Console:
    """Return the console; piped output is never cut to a guessed width."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)


def print_line(facts: Facts) -> None:
    """Print one object as a line of JSON Lines."""
    sys.stdout.write(_json(facts) + "\n")


async def _print_json_stream(rows: AsyncIterator[Facts]) -> None:
    separator = "[\n"
    async for row in rows:
        sys.stdout.write(separator + _json(row))
        separator = ",\n"
    sys.stdout.write("\n]\n" if separator == ",\n" else "[]\n")


def _json(value: Any, option: int = 0) -> str:
    encoded = orjson.dumps(value, default=str, option=option | orjson.OPT_UTC_Z)
    return printable_json(encoded.decode())


def _title(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value) or "-"
    return _json(value) if isinstance(value, Mapping) else printable(str(value))
