"""What commands print: tables for people, JSON for programs, both complete and streamed."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
TenantOption = Annotated[
    str, typer.Option("--tenant", "-t", help="The tenant's name or id.", show_default=False)
]
Limit = Annotated[
    int, typer.Option("--limit", min=0, help="Rows of the table; 0 for all. JSON has all always.")
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
    console().print(table)


async def print_rows(
    rows: AsyncIterator[Facts], *, columns: Sequence[str], limit: int, as_json: bool
) -> None:
    """Print many objects: JSON as an array with a line for each, never held in memory."""
    if as_json:
        await _print_json_rows(rows)
        return
    table = Table(*(column.replace("_", " ") for column in columns))
    more = False
    async for row in rows:
        if limit and table.row_count == limit:
            more = True
            break
        table.add_row(*(_text(row[column]) for column in columns))
    console().print(table)
    if more:
        typer.echo(
            f"These are the first {limit}: --limit 0 shows all, --json prints all.", err=True
        )


async def _print_json_rows(rows: AsyncIterator[Facts]) -> None:
    separator = "[\n"
    async for row in rows:
        sys.stdout.write(separator + orjson.dumps(row, default=str).decode())
        separator = ",\n"
    sys.stdout.write("\n]\n" if separator == ",\n" else "[]\n")


def console() -> Console:
    """Return the console; piped output is never cut to a guessed width."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value) or "-"
    if isinstance(value, Mapping):
        return orjson.dumps(value, default=str).decode()
    return str(value)
