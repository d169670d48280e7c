"""Overload protection: so many requests at once, a short queue behind them, and no more."""

import asyncio
from collections import deque


class Gate:
    """Lets a bounded number of requests in; the others wait in turn, or are turned away."""

    def __init__(self, limit: int, queue: int) -> None:
        self.active = 0
        self._limit = limit
        self._queue = queue
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """The number of requests in the queue."""
        return len(self._waiting)

    def try_enter(self) -> bool:
        """Enter at once if there is room; while somebody waits there is none."""
        if self.active >= self._limit:
            return False
        self.active += 1
        return True

    async def enter(self) -> bool:
        """Wait for a place; return False at once if the queue is full."""
        if self.try_enter():
            return True
        if len(self._waiting) >= self._queue:
            return False
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                # The place was handed over in the moment the waiter gave up.
                self.leave()
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            raise
        return True

    def leave(self) -> None:
        """Give the place up, to the first who waits."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.active -= 1
