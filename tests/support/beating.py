"""How long a loop that deletes in batches is silent, on a database that is slow."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from chassis.loops import Heartbeats, Loop, LoopDied, run_until_signalled

BATCH_SECONDS = 50.0


class SlowPool:
    """A pool that takes its time for each batch, of one tenant."""

    def __init__(self, batches: Sequence[int]) -> None:
        """Delete so many rows with each statement."""
        self.heartbeats = Heartbeats(lambda: self._now)
        self.silences: list[float] = []
        """Seconds since the last beat at the end of each statement."""
        self.ended = asyncio.Event()
        self._batches = list(batches)
        self._now = 0.0

    async def fetch(self, *_query: object) -> list[Mapping[str, UUID]]:
        """Return the tenants."""
        return [{"tenant_id": UUID(int=1)}]

    async def execute(self, *_query: object) -> str:
        """Delete a batch."""
        self._now += BATCH_SECONDS
        self.silences += self.heartbeats.ages().values()
        deleted = self._batches.pop(0)
        if not self._batches:
            self.ended.set()
        return f"DELETE {deleted}"


async def silences_of(pool: SlowPool, run: Callable[[], Awaitable[object]]) -> list[float]:
    """Run a loop until it has deleted all batches; return how long it was silent in each."""

    async def run_to_end() -> None:
        task = asyncio.ensure_future(run())
        await pool.ended.wait()
        task.cancel()

    with suppress(LoopDied):
        await run_until_signalled(
            [Loop("pruning", run_to_end)], heartbeats=pool.heartbeats, grace=1.0
        )
    return pool.silences
