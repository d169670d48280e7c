"""One time limit for many requests, with one timer for all of them.

`asyncio.timeout` starts and stops a timer for each request, though next to none of them runs out.
Since all limits are as long, whoever began first ends first: one timer waits for the oldest.
"""

import asyncio
from types import TracebackType
from typing import Self


class TimeLimit:
    """Cancels what takes longer than so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open: dict[Timed, float] = {}
        """What runs, the oldest first, with the time of the loop at which it ends."""
        self._timer: asyncio.TimerHandle | None = None

    def timed(self) -> "Timed":
        """Return what times a `with` block; it raises TimeoutError when that took too long."""
        return Timed(self)

    def begin(self, timed: "Timed") -> None:
        """Start to time a block."""
        loop = asyncio.get_running_loop()
        until = self._open[timed] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(until, self._expire)

    def end(self, timed: "Timed") -> None:
        """Time a block no longer."""
        self._open.pop(timed, None)

    def _expire(self) -> None:
        """End what has taken too long; wait for the oldest of the others."""
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time()
        for timed, until in list(self._open.items()):
            if until > now:
                self._timer = loop.call_at(until, self._expire)
                return
            del self._open[timed]
            timed.expire()


class Timed:
    """A block of work in one task, as `asyncio.timeout` has it."""

    __slots__ = ("_cancelling", "_limit", "_task", "expired")

    def __init__(self, limit: TimeLimit) -> None:
        self._limit = limit
        self.expired = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only what runs in a task can be timed")
        self._task = task
        self._cancelling = task.cancelling()
        self._limit.begin(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._limit.end(self)
        # Where somebody else has cancelled the task as well, that goes on.
        alone = self.expired and self._task.uncancel() <= self._cancelling
        if alone and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancel the task."""
        self.expired = True
        self._task.cancel()
