"""Overload protection: so many at once, a short queue behind them, and no more.

Nobody takes all places: each party, a tenant for example, has a share of them, and those who wait
are let in by parties in turn, not by who came first. Nobody takes the whole queue either: where it
is full, who comes takes the place of the last one of those who have the most in it.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

Waiter = asyncio.Future[bool]
"""Told whether there is a place."""


class Gate:
    """Lets a bounded number in; the others wait in turn, or are turned away.

    Whoever belongs to no party (None) has no share of its own, only what all have together.
    """

    def __init__(self, limit: int, queue: int, *, share: int | None = None) -> None:
        self.active = 0
        self.waiting = 0
        """The number of those in the queue."""
        self._limit = limit
        self._queue = queue
        self._share = limit if share is None else share
        self._queue_share = queue if share is None else max(1, queue // 2)
        self._active_of: dict[Hashable, int] = {}
        self._queues: OrderedDict[Hashable, deque[Waiter]] = OrderedDict()

    def try_enter(self, party: Hashable = None) -> bool:
        """Enter at once if there is room; for whom others of the same party wait there is none."""
        if self.active >= self._limit or not self._has_share(party):
            return False
        self._take(party)
        return True

    async def enter(self, party: Hashable = None) -> bool:
        """Wait for a place; return False if the queue is too full, at once or when others come."""
        if self.try_enter(party):
            return True
        own = len(self._queues.get(party, ()))
        if own >= self._queue_share or (self.waiting >= self._queue and not self._make_room(own)):
            return False
        waiter: Waiter = asyncio.get_running_loop().create_future()
        self._queues.setdefault(party, deque()).append(waiter)
        self.waiting += 1
        try:
            return await waiter
        except BaseException:
            if waiter.cancelled() or not waiter.done():
                self._forget(party, waiter)
            elif waiter.result():
                # The place was handed over in the moment the waiter gave up.
                self.leave(party)
            raise

    @asynccontextmanager
    async def place(
        self, party: Hashable, *, refused: Callable[[], Exception]
    ) -> AsyncIterator[None]:
        """Hold a place for a while, or raise what `refused` makes."""
        if not await self.enter(party):
            raise refused()
        try:
            yield
        finally:
            self.leave(party)

    def leave(self, party: Hashable = None) -> None:
        """Give the place up, to one of the party whose turn it is."""
        self.active -= 1
        left = self._active_of[party] - 1
        if left:
            self._active_of[party] = left
        else:
            del self._active_of[party]
        while self.active < self._limit and self._queues and self._let_one_in():
            pass

    def _let_one_in(self) -> bool:
        """Let in who comes next; False when nobody may who waits."""
        for party, queue in self._queues.items():
            if self._has_share(party):
                waiter = queue[0]
                self._queues.move_to_end(party)
                self._forget(party, waiter)
                # One that gave up may not have got to leaving the queue yet: the next one's turn.
                if not waiter.done():
                    self._take(party)
                    waiter.set_result(True)
                return True
        return False

    def _make_room(self, own: int) -> bool:
        """Turn away the last of the party with the most in the queue, if that is fairer."""
        most = max(self._queues, key=lambda party: len(self._queues[party]), default=None)
        queue = self._queues.get(most)
        if queue is None or len(queue) <= own + 1:
            return False
        waiter = queue[-1]
        self._forget(most, waiter)
        if not waiter.done():
            waiter.set_result(False)
        return True

    def _has_share(self, party: Hashable) -> bool:
        return party is None or self._active_of.get(party, 0) < self._share

    def _take(self, party: Hashable) -> None:
        self.active += 1
        self._active_of[party] = self._active_of.get(party, 0) + 1

    def _forget(self, party: Hashable, waiter: Waiter) -> None:
        queue = self._queues.get(party)
        if queue is not None and waiter in queue:
            queue.remove(waiter)
            self.waiting -= 1
            if not queue:
                del self._queues[party]
