"""A bounded memory whose entries end by themselves: a dictionary, because it is asked all the time.

The caches of `cachetools` look for what has ended at every question, which costs more there than
the question itself; here an entry that has ended is found when it is asked for or pushed out.
"""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Expiring(Generic[Key, Value]):
    """Values by key, each until its moment; the one that was put first leaves when it is full."""

    def __init__(self, capacity: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self.clock = clock
        self._entries: dict[Key, tuple[Value, float]] = {}

    def __len__(self) -> int:
        """Return how many entries are held, with those that have ended and were not asked for."""
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """Return the value of a key, None if there is none or its moment has passed."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[1] > self.clock():
            return entry[0]
        del self._entries[key]
        return None

    def put(self, key: Key, value: Value, until: float) -> None:
        """Remember a value until a moment of the clock, in seconds."""
        entries = self._entries
        entries.pop(key, None)
        if len(entries) >= self._capacity:
            del entries[next(iter(entries))]
        entries[key] = (value, until)
