"""How endless loops wait: longer after each failure, or a fixed time between rounds.

Ours rather than `tenacity` or `stamina`: those repeat one call until it succeeds or they give up.
What runs here is never given up, tells the watchers that it is alive while it waits, and begins
with short pauses again once it has worked for a while.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeVar

from chassis.loops import beat

BEAT_INTERVAL = 10.0

T = TypeVar("T")


class Progress:
    """Since when an attempt works, which only the work itself knows."""

    def __init__(self) -> None:
        self._since: float | None = None

    def begin(self) -> None:
        """Say that an attempt begins: it does not work yet."""
        self._since = None

    def mark(self) -> None:
        """Say that the attempt works."""
        if self._since is None:
            self._since = time.monotonic()

    def lasted(self) -> float:
        """Return the seconds since the attempt's first mark; 0 without one."""
        return 0.0 if self._since is None else time.monotonic() - self._since


def backoff(first: float, limit: float) -> Iterator[float]:
    """Yield the seconds to wait after each failure: doubled each time, up to the limit."""
    pause = first
    while True:
        yield pause
        pause = min(pause * 2, limit)


async def retry(
    work: Callable[[], Awaitable[T]],
    failures: tuple[type[Exception], ...],
    *,
    first: float,
    limit: float,
    failed: Callable[[Exception, float], object],
    progress: Progress | None = None,
    beats: bool = True,
) -> T:
    """Do the work until it returns, however often it fails, and return its result.

    Args:
        work: One attempt.
        failures: What it may fail with; anything else is raised.
        first: Seconds to wait after a first failure, or one after a long time of working.
        limit: Seconds that are waited at most.
        failed: Told of each failure and the seconds until the next attempt, to log it.
        progress: Marked by work that goes on for ever, once it works. A failure more than `limit`
            seconds later is a first one; without it, as after a long time-out, none ever is.
        beats: Whether the loop says after a failure that it is alive, and so is watched from then.
    """
    progress = progress or Progress()
    pauses = backoff(first, limit)
    while True:
        progress.begin()
        try:
            return await work()
        except failures as error:
            if progress.lasted() > limit:
                pauses = backoff(first, limit)
            pause = next(pauses)
            failed(error, pause)
        if beats:
            beat()
        await asyncio.sleep(pause)


async def every(seconds: float, *, beats: bool = False) -> AsyncIterator[int]:
    """Yield the number of each round, with so many seconds between the end of one and the next.

    The first begins at once. With `beats` the loop says that it is alive, also during a long wait,
    and is watched from its first round on: a round that takes long has to `beat` by itself. A task
    that runs next to the loop's own work leaves that to the work.
    """
    number = 0
    while True:
        number += 1
        if beats:
            beat()
        yield number
        await _wait(seconds, beats=beats)


async def _wait(seconds: float, *, beats: bool) -> None:
    until = time.monotonic() + seconds
    while beats and (left := until - time.monotonic()) > BEAT_INTERVAL:
        await asyncio.sleep(min(left, BEAT_INTERVAL))
        beat()
    await asyncio.sleep(max(0.0, until - time.monotonic()))
