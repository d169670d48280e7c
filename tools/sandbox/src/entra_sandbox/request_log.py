"""The request log: each request's operation, status and duration.

Nothing of a body or a token is kept, only what a table of results needs.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request that was sent; status 0 means that there was no answer."""

    operation: str
    status: int
    seconds: float
    failed: bool


@dataclass(frozen=True, slots=True)
class OperationSummary:
    """All requests of one operation, summed up."""

    operation: str
    requests: int
    statuses: dict[int, int]
    failed: int
    p50: float
    p99: float


@dataclass(slots=True)
class RequestLog:
    """Collects requests and sums them up by operation, in the order of first use."""

    entries: list[RecordedRequest] = field(default_factory=list)

    def record(self, operation: str, status: int, seconds: float, *, failed: bool) -> None:
        """Add a request."""
        self.entries.append(RecordedRequest(operation, status, seconds, failed))

    @property
    def requests(self) -> int:
        """Return how many requests were made."""
        return len(self.entries)

    @property
    def failed(self) -> int:
        """Return how many requests failed, those that a retry made good included."""
        return sum(entry.failed for entry in self.entries)

    def summaries(self) -> list[OperationSummary]:
        """Sum up every operation."""
        grouped: dict[str, list[RecordedRequest]] = {}
        for entry in self.entries:
            grouped.setdefault(entry.operation, []).append(entry)
        return [_summary(operation, entries) for operation, entries in grouped.items()]

    def all_seconds(self) -> list[float]:
        """Return the durations of all requests."""
        return [entry.seconds for entry in self.entries]


def _summary(operation: str, entries: Sequence[RecordedRequest]) -> OperationSummary:
    durations = [entry.seconds for entry in entries]
    return OperationSummary(
        operation=operation,
        requests=len(entries),
        statuses=dict(sorted(Counter(entry.status for entry in entries).items())),
        failed=sum(entry.failed for entry in entries),
        p50=percentile(durations, 50),
        p99=percentile(durations, 99),
    )


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered: Sequence[float] = sorted(values)
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]
