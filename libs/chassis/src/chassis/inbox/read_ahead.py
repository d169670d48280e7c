"""What a partition's worker has read ahead: a queue for each tenant, taken from in turn.

A tenant with thousands of records cannot hold up another one behind it: each batch has something
of everybody who waits. The offset to begin at after a crash is that of the first record that is not
applied; those behind it that were are known by their sequence or version, and skipped.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chassis.bus import ReceivedRecord

RECORD_OVERHEAD = 2_000
"""Bytes of memory that a record and its headers take beside what they carry."""


@dataclass(slots=True)
class ReadAheadBudget:
    """How much all partitions of a consumer may have read ahead together."""

    limit: int = 64 * 1024 * 1024
    share: int = 1024 * 1024
    """What each partition may have whatever the others have."""
    used: int = 0

    def is_spent(self, own: int) -> bool:
        """Return whether a partition that has so much may read no more."""
        return own > self.share and self.used > self.limit

    def allows(self, own: int) -> bool:
        """Return whether a partition that was stopped may go on, with some room to do so."""
        return own < self.share // 2 or self.used < self.limit // 4 * 3


class ReadAhead:
    """The records of one partition that are to be applied."""

    def __init__(self, budget: ReadAheadBudget) -> None:
        """Begin empty, sharing a budget with the consumer's other partitions."""
        self.size = 0
        """Bytes."""
        self._budget = budget
        self._end = 0
        self._waiting: OrderedDict[bytes, deque[ReceivedRecord]] = OrderedDict()
        """By tenant, the one whose turn is next first."""

    def __bool__(self) -> bool:
        """Return whether anything waits."""
        return bool(self._waiting)

    def push(self, records: Iterable[ReceivedRecord]) -> None:
        """Take records as they were read."""
        for record in records:
            self._waiting.setdefault(_tenant(record), deque()).append(record)
            self._end = record.offset + 1
            self._count(_size(record))

    def pass_over(self, record: ReceivedRecord) -> None:
        """Note that a record was read that needs no work."""
        self._end = record.offset + 1

    def take(self, *, records: int, size: int) -> list[ReceivedRecord]:
        """Return the next records, one of each tenant in turn; at least one, whatever its size."""
        taken: list[ReceivedRecord] = []
        room = size
        while self._waiting and len(taken) < records:
            tenant, waiting = next(iter(self._waiting.items()))
            room -= _size(waiting[0])
            if taken and room < 0:
                break
            taken.append(waiting.popleft())
            self._count(-_size(taken[-1]))
            if waiting:
                self._waiting.move_to_end(tenant)
            else:
                del self._waiting[tenant]
        return taken

    def first_offset(self, unapplied: Sequence[ReceivedRecord] = ()) -> int:
        """Return where to begin after a crash: the first record that waits, or is one of these."""
        offsets = [waiting[0].offset for waiting in self._waiting.values()]
        return min([*offsets, *(record.offset for record in unapplied)], default=self._end)

    def clear(self) -> None:
        """Forget everything, because the partition is another's now."""
        self._waiting.clear()
        self._count(-self.size)

    def _count(self, size: int) -> None:
        self.size += size
        self._budget.used += size


def _tenant(record: ReceivedRecord) -> bytes:
    """Return whose turn a record is; one that does not tell is nobody's, and in nobody's order."""
    for name, value in record.headers:
        if name == "ce_tenantid" and value:
            return value
    return (record.key or b"").partition(b"/")[0]


def _size(record: ReceivedRecord) -> int:
    carried = len(record.key or b"") + len(record.value or b"")
    return RECORD_OVERHEAD + carried + sum(len(value or b"") for _, value in record.headers)
