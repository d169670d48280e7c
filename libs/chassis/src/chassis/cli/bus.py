"""The operator's commands that every service has: `bus status | history | redrive | skip | …`.

Those that act only leave a request; the consumer that owns the partition fulfils it. So they work
on any machine that reaches the database, and never behind a running consumer's back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, NoReturn
from uuid import UUID

import asyncpg
import typer
from rich.table import Table

from chassis.bus import (
    BusStatus,
    NothingParked,
    read_bus_status,
    read_failed,
    read_history,
    request_action,
    request_done,
)
from chassis.cli.commands import user_name
from chassis.cli.printing import Json, console, print_json, print_rows, say
from chassis.database import DATABASE_FAILURES, connect
from chassis.outbox import Backlog, read_backlog
from chassis.printable import printable

POLL_SECONDS = 0.2

_TENANT = typer.Option(..., "--tenant", help="Id of the tenant whose events wait.")
_TOPIC = typer.Option(..., "--topic", help="Topic that the events came from.")
_NOTE = typer.Option(..., "--note", help="Why; kept in the audit.")
_ACTOR = typer.Option(None, "--actor", help="Who; kept in the audit. Default: the user here.")
_HISTORY = ("happened_at", "action", "tenant_id", "topic", "actor", "note", "detail")
_REDRIVEN = ("tenant_id", "topic", "events", "outcome")
_PARKED = ("tenant_id", "topic", "subject", "sequence", "reason", "error", "events")
_ONE_TENANT = typer.Option(None, "--tenant", help="Id of one tenant alone.")
_WAIT = typer.Option(30.0, "--wait", help="Seconds to wait for the consumer; 0 does not wait.")


def bus_cli(dsn: Callable[[], str]) -> typer.Typer:
    """Return the commands for the service whose database `dsn` names."""
    cli = typer.Typer(help="See what the bus does, and deal with parked events (dead letters).")

    _add_reading(cli, dsn)

    @cli.command()
    def redrive(
        tenant: UUID = _TENANT,
        topic: str = _TOPIC,
        note: str = _NOTE,
        actor: str | None = _ACTOR,
        wait: float = _WAIT,
        conflicts: bool = typer.Option(
            False,
            "--conflicts",
            help="Also apply events whose number another one had; they may undo newer changes.",
        ),
    ) -> None:
        """Try a tenant's parked events again, in their order, and those that wait behind them."""
        action: Literal["redrive", "redrive-conflicts"]
        action = "redrive-conflicts" if conflicts else "redrive"
        _ask(dsn(), _Ask(action, tenant, topic, note, actor, wait))

    @cli.command()
    def redrive_failed(
        note: str = _NOTE,
        topic: str | None = typer.Option(None, "--topic", help="One topic alone."),
        actor: str | None = _ACTOR,
        wait: float = _WAIT,
        as_json: Json = False,
    ) -> None:
        """Try again what has failed, of every tenant: for when the fault has been mended."""

        async def ask(connection: asyncpg.Connection) -> list[Mapping[str, Any]]:
            return await _redrive_failed(connection, topic, actor or user_name(), note, wait)

        print_rows(_with_database(dsn(), ask), columns=_REDRIVEN, as_json=as_json)

    @cli.command()
    def skip(
        tenant: UUID = _TENANT,
        topic: str = _TOPIC,
        note: str = _NOTE,
        actor: str | None = _ACTOR,
        wait: float = _WAIT,
        sequence: int | None = typer.Option(
            None, "--sequence", min=1, help="Of the event that failed. Default: the first one."
        ),
    ) -> None:
        """Give one of a tenant's parked events up for good, and go on with those behind it."""
        _ask(dsn(), _Ask("skip", tenant, topic, note, actor, wait, sequence))

    return cli


def _add_reading(cli: typer.Typer, dsn: Callable[[], str]) -> None:
    @cli.command()
    def status(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
        """Show the outbox, the offsets and the parked events."""
        backlog, found = _with_database(dsn(), _read_status)
        if as_json:
            print_json(_plain(backlog, found))
        else:
            _print_status(backlog, found)

    @cli.command()
    def history(
        tenant: UUID | None = _ONE_TENANT,
        topic: str | None = typer.Option(None, "--topic", help="One topic alone."),
        limit: int = typer.Option(50, "--limit", min=1, help="How many, the newest first."),
        as_json: Json = False,
    ) -> None:
        """Show which parked events were redriven or skipped: when, by whom and why."""

        async def read(connection: asyncpg.Connection) -> list[Mapping[str, Any]]:
            return await read_history(connection, tenant_id=tenant, topic=topic, limit=limit)

        print_rows(_with_database(dsn(), read), columns=_HISTORY, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Ask:
    """What an operator wants done."""

    action: Literal["redrive", "redrive-conflicts", "skip"]
    tenant: UUID
    topic: str
    note: str
    actor: str | None
    wait: float
    sequence: int | None = None


def _ask(dsn: str, wanted: _Ask) -> None:
    action = wanted.action

    async def ask(connection: asyncpg.Connection) -> bool:
        await request_action(
            connection,
            action,
            tenant_id=wanted.tenant,
            topic=wanted.topic,
            actor=wanted.actor or user_name(),
            note=wanted.note,
            sequence=wanted.sequence,
        )
        return await _fulfilled(connection, wanted.tenant, wanted.topic, wanted.wait)

    try:
        done = _with_database(dsn, ask)
    except NothingParked as error:
        _fail(f"Nothing to {action}: {error}. `bus status` lists what is parked.")
    if done:
        say(f"The consumer has done the {action}; `bus status` shows the outcome.")
        return
    say(f"The {action} is asked for; it is done as soon as a consumer runs.")


async def _redrive_failed(
    connection: asyncpg.Connection, topic: str | None, actor: str, note: str, wait: float
) -> list[Mapping[str, Any]]:
    """Ask for all at once, wait for all together, and tell what became of each."""
    deadline = asyncio.get_running_loop().time() + wait
    asked = []
    for row in await read_failed(connection, topic=topic):
        of: dict[str, Any] = {"tenant_id": row["tenant_id"], "topic": row["topic"]}
        # A consumer may have dealt with it meanwhile.
        with suppress(NothingParked):
            await request_action(connection, "redrive", actor=actor, note=note, **of)
            asked.append(row)
    fulfilled = []
    for row in asked:
        left = deadline - asyncio.get_running_loop().time()
        fulfilled.append(await _fulfilled(connection, row["tenant_id"], row["topic"], left))
    failed = {
        (row["tenant_id"], row["topic"]) for row in await read_failed(connection, topic=topic)
    }
    outcomes = [
        ("failed again" if (row["tenant_id"], row["topic"]) in failed else "applied")
        if is_done
        else "asked for"
        for row, is_done in zip(asked, fulfilled, strict=True)
    ]
    return [{**row, "outcome": each} for row, each in zip(asked, outcomes, strict=True)]


async def _fulfilled(connection: asyncpg.Connection, tenant: UUID, topic: str, wait: float) -> bool:
    deadline = asyncio.get_running_loop().time() + wait
    while asyncio.get_running_loop().time() < deadline:
        if await request_done(connection, tenant_id=tenant, topic=topic):
            return True
        await asyncio.sleep(POLL_SECONDS)
    return False


def _with_database(dsn: str, act: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        connection = await connect(dsn)
        try:
            return await act(connection)
        finally:
            await connection.close(timeout=5)

    try:
        return asyncio.run(run())
    except asyncpg.UndefinedTableError:
        _fail("The database has no bus tables yet: run `migrate` first.")
    except DATABASE_FAILURES as error:
        _fail(f"The database cannot be reached: {error}")


def _fail(sentence: str) -> NoReturn:
    say(sentence, err=True)
    raise typer.Exit(1)


async def _read_status(connection: asyncpg.Connection) -> tuple[Backlog, BusStatus]:
    return await read_backlog(connection), await read_bus_status(connection)


def _plain(backlog: Backlog, status: BusStatus) -> dict[str, Any]:
    return {
        "outbox_pending": backlog.pending,
        "relay_lag_seconds": round(backlog.lag_seconds, 3),
        "blocked": status.blocked,
        "offsets": status.offsets,
        "parked": status.parked,
    }


def _print_status(backlog: Backlog, status: BusStatus) -> None:
    lag = f"{backlog.lag_seconds:.1f} s"
    say(f"Outbox: {backlog.pending} waiting, the oldest for {lag}.")
    for title, rows, columns in (
        ("Cannot be sent", status.blocked, ("tenant_id", "topic", "reason", "blocked_at")),
        ("Offsets", status.offsets, ("topic", "partition", "next_offset", "owner")),
        ("Parked", status.parked, _PARKED),
    ):
        _print_table(title, rows, columns)


def _print_table(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    if not rows:
        say(f"{title}: none.")
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        # An id that is cut off cannot be copied.
        table.add_column(column, no_wrap=column.endswith("_id"), overflow="fold")
    for row in rows:
        table.add_row(*("" if row[c] is None else printable(str(row[c])) for c in columns))
    console().print(table)
