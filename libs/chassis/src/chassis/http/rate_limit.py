"""Token buckets: at most so many requests a second for each key, with a burst on top."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable


class RateLimit:
    """A bounded set of token buckets, one for each key.

    A key that was forgotten because there are too many starts again with a full bucket.
    """

    def __init__(
        self,
        per_second: float,
        *,
        burst: float,
        max_keys: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = per_second
        self._burst = burst
        self._max_keys = max_keys
        self._clock = clock
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def take(self, key: object, cost: float = 1.0) -> int:
        """Take tokens; return 0, or the whole seconds to wait if there are not enough."""
        now = self._clock()
        tokens = self._tokens(key, now)
        wait = 0
        if tokens >= cost:
            tokens -= cost
        else:
            wait = max(1, math.ceil((cost - tokens) / self._rate))
        self._keep(key, tokens, now)
        return wait

    def charge(self, key: object, cost: float) -> None:
        """Take tokens for what is done already, more than there are if need be."""
        now = self._clock()
        self._keep(key, self._tokens(key, now) - cost, now)

    def _tokens(self, key: object, now: float) -> float:
        tokens, then = self._buckets.get(key, (self._burst, now))
        return min(self._burst, tokens + (now - then) * self._rate)

    def _keep(self, key: object, tokens: float, now: float) -> None:
        self._buckets[key] = (tokens, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
