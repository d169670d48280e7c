"""Acts of a run that are shown as they happen."""

import random
import time
from uuid import UUID

from rich.console import Console
from rich.markup import escape

from entra_sandbox.engine import Engine
from entra_sandbox.life import Step, run_step
from entra_sandbox.report import progress_of


async def connect(engine: Engine, console: Console, seed: int) -> None:
    """Test the connection, as Entra does before it saves the credentials."""
    title(console, "Test connection", "a query for somebody who cannot exist")
    rng = random.Random(seed + 1)
    guids = [str(UUID(bytes=rng.randbytes(16), version=4)) for _ in range(2)]
    await engine.test_connection(guids)


async def live(engine: Engine, console: Console, steps: tuple[Step, ...], seed: int) -> None:
    """Go through the steps of a life until the credentials are refused."""
    rng = random.Random(seed)
    for step in steps:
        title(console, step.title, step.explanation)
        before, started = engine.client.journal.requests, time.perf_counter()
        with progress_of(console, engine):
            await run_step(engine, step, rng)
        sent = engine.client.journal.requests - before
        seconds = time.perf_counter() - started
        console.print(f"  [dim]{sent} requests in {seconds:.1f} s[/]")
        if engine.refused:
            return


def title(console: Console, text: str, explanation: str = "") -> None:
    """Announce a step."""
    console.print(f"[bold cyan]▸ {escape(text)}[/] [dim]{escape(explanation)}[/]")
