"""Draws what a run did: titles, progress bars and tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from entra_sandbox.engine import Engine
from entra_sandbox.request_log import RequestLog, percentile
from entra_sandbox.retry_queue import RetryQueue


@contextmanager
def progress_bars(console: Console, engine: Engine) -> Iterator[None]:
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

        def on_progress(step: str, done: int, total: int) -> None:
            if step not in bars:
                bars[step] = progress.add_task(step, total=total)
            progress.update(bars[step], completed=done, total=total)

        engine.on_progress = on_progress
        yield


def operations_table(request_log: RequestLog, *, title: str, seconds: float) -> Table:
    """Sum up what was sent and answered, by operation."""
    table = Table(title=title, title_justify="left")
    table.add_column("operation")
    for name in ("requests", "answers", "failed", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right")
    for summary in request_log.summaries():
        answers = " ".join(f"{status or 'none'}×{n}" for status, n in summary.statuses.items())
        failed = f"[red]{summary.failed}[/]" if summary.failed else "0"
        p50, p99 = f"{summary.p50 * 1000:.1f}", f"{summary.p99 * 1000:.1f}"
        table.add_row(summary.operation, str(summary.requests), answers, failed, p50, p99)
    every = request_log.all_seconds()
    rate = request_log.requests / seconds if seconds else 0.0
    table.add_section()
    table.add_row(
        "all",
        str(request_log.requests),
        f"{rate:.0f} requests/s",
        str(request_log.failed),
        f"{percentile(every, 50) * 1000:.1f}",
        f"{percentile(every, 99) * 1000:.1f}",
    )
    return table


def retry_queue_table(retry_queue: RetryQueue) -> Table:
    """List what Entra would try again, and when."""
    table = Table(title="Waiting for a retry (Entra: escrow)", title_justify="left")
    for name in ("object", "attempts", "Entra tries again in", "why"):
        table.add_column(name)
    for entry in list(retry_queue.entries.values())[:20]:
        hours = f"{entry.next_attempt_hours} h"
        table.add_row(entry.name, str(entry.attempts), hours, entry.error)
    if len(retry_queue.entries) > 20:
        table.add_row(f"… and {len(retry_queue.entries) - 20} more", "", "", "")
    return table
