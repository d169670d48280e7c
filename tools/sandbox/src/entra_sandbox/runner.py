"""Runs the steps of a job and prints each as it begins."""

import random
import time
from uuid import UUID

from rich.console import Console
from rich.markup import escape

from entra_sandbox.engine import Engine
from entra_sandbox.lifecycle import Step, run_step
from entra_sandbox.report import progress_bars


async def test_connection(engine: Engine, console: Console, seed: int) -> None:
    """Test the connection, as Entra does before it saves the credentials."""
    print_heading(console, "Test connection", "a query for somebody who cannot exist")
    rng = random.Random(seed + 1)
    guids = [str(UUID(bytes=rng.randbytes(16), version=4)) for _ in range(2)]
    await engine.test_connection(guids)


async def run_lifecycle(
    engine: Engine, console: Console, steps: tuple[Step, ...], seed: int
) -> None:
    """Run the steps of a lifecycle until the credentials are refused."""
    rng = random.Random(seed)
    for step in steps:
        print_heading(console, step.title, step.explanation)
        before, started = engine.job.client.request_log.requests, time.perf_counter()
        with progress_bars(console, engine):
            await run_step(engine, step, rng)
        sent = engine.job.client.request_log.requests - before
        seconds = time.perf_counter() - started
        console.print(f"  [dim]{sent} requests in {seconds:.1f} s[/]")
        if engine.refused:
            return


def print_heading(console: Console, text: str, explanation: str = "") -> None:
    """Print the title of a step."""
    console.print(f"[bold cyan]▸ {escape(text)}[/] [dim]{escape(explanation)}[/]")
