"""Draws what a run did: titles, progress bars and tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from entra_sandbox.engine import Engine
from entra_sandbox.escrow import Escrow
from entra_sandbox.journal import Journal, percentile


@contextmanager
def progress_of(console: Console, engine: Engine) -> Iterator[None]:
    """Show a bar for each part of the cycles that the engine runs inside this block."""
    columns = (
        TextColumn("  {task.description:<10}"),
        BarColumn(bar_width=36),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        bars = {}

        def advance(step: str, done: int, total: int) -> None:
            if step not in bars:
                bars[step] = progress.add_task(step, total=total)
            progress.update(bars[step], completed=done, total=total)

        engine.advance = advance
        yield


def operations_table(journal: Journal, *, title: str, seconds: float) -> Table:
    """Sum up what was sent and answered, by operation."""
    table = Table(title=title, title_justify="left")
    table.add_column("operation")
    for name in ("requests", "answers", "failed", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right")
    for line in journal.lines():
        answers = " ".join(f"{status or 'none'}×{n}" for status, n in line.statuses.items())
        failed = f"[red]{line.failed}[/]" if line.failed else "0"
        p50, p99 = f"{line.p50 * 1000:.1f}", f"{line.p99 * 1000:.1f}"
        table.add_row(line.operation, str(line.requests), answers, failed, p50, p99)
    every = journal.all_seconds()
    rate = journal.requests / seconds if seconds else 0.0
    table.add_section()
    table.add_row(
        "all",
        str(journal.requests),
        f"{rate:.0f} requests/s",
        str(journal.failed),
        f"{percentile(every, 50) * 1000:.1f}",
        f"{percentile(every, 99) * 1000:.1f}",
    )
    return table


def escrow_table(escrow: Escrow) -> Table:
    """List what Entra would try again, and when."""
    table = Table(title="Escrow", title_justify="left")
    for name in ("object", "attempts", "Entra tries again in", "why"):
        table.add_column(name)
    for entry in list(escrow.entries.values())[:20]:
        hours = f"{entry.next_attempt_hours} h"
        table.add_row(entry.name, str(entry.attempts), hours, entry.error)
    if len(escrow.entries) > 20:
        table.add_row(f"… and {len(escrow.entries) - 20} more", "", "", "")
    return table
