"""Overload protection: so many requests at once, a short queue behind them, and no more.

Nobody takes all places: each party, a tenant for example, has a share of them, and those who wait
are let in by parties in turn, not by who came first.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable

Waiter = asyncio.Future[None]


class Gate:
    """Lets a bounded number of requests in; the others wait in turn, or are turned away.

    Whoever belongs to no party (None) has no share of its own, only what all have together.
    """

    def __init__(self, limit: int, queue: int, *, share: int | None = None) -> None:
        self.active = 0
        self.waiting = 0
        """The number of requests in the queue."""
        self._limit = limit
        self._queue = queue
        self._share = limit if share is None else share
        self._queue_share = queue if share is None else max(1, queue // 2)
        self._active_of: Counter[Hashable] = Counter()
        self._queues: OrderedDict[Hashable, deque[Waiter]] = OrderedDict()

    def try_enter(self, party: Hashable = None) -> bool:
        """Enter at once if there is room; for whom others of the same party wait there is none."""
        if self.active >= self._limit or not self._has_share(party):
            return False
        self._take(party)
        return True

    async def enter(self, party: Hashable = None) -> bool:
        """Wait for a place; return False at once if the queue is full."""
        if self.try_enter(party):
            return True
        queue = self._queues.get(party, ())
        if self.waiting >= self._queue or len(queue) >= self._queue_share:
            return False
        waiter: Waiter = asyncio.get_running_loop().create_future()
        self._queues.setdefault(party, deque()).append(waiter)
        self.waiting += 1
        try:
            await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                # The place was handed over in the moment the waiter gave up.
                self.leave(party)
            else:
                self._forget(party, waiter)
            raise
        return True

    def leave(self, party: Hashable = None) -> None:
        """Give the place up, to one of the party whose turn it is."""
        self.active -= 1
        self._active_of[party] -= 1
        if not self._active_of[party]:
            del self._active_of[party]
        for waiting in self._queues:
            if self._has_share(waiting):
                self._let_in(waiting)
                return

    def _let_in(self, party: Hashable) -> None:
        queue = self._queues[party]
        waiter = queue[0]
        self._queues.move_to_end(party)
        self._forget(party, waiter)
        if waiter.done():
            # It gave up, but has not yet got to leaving the queue: the next one's turn.
            self._take(party)
            self.leave(party)
            return
        self._take(party)
        waiter.set_result(None)

    def _has_share(self, party: Hashable) -> bool:
        return party is None or self._active_of.get(party, 0) < self._share

    def _take(self, party: Hashable) -> None:
        self.active += 1
        self._active_of[party] += 1

    def _forget(self, party: Hashable, waiter: Waiter) -> None:
        queue = self._queues.get(party)
        if queue is not None and waiter in queue:
            queue.remove(waiter)
            self.waiting -= 1
            if not queue:
                del self._queues[party]
