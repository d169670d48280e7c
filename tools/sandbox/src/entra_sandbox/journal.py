"""What happened on the wire: each request's operation, status and duration.

Nothing of a body or a token is kept, only what a table of results needs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """All requests of one operation, summed up."""

    operation: str
    requests: int
    statuses: dict[int, int]
    failed: int
    p50: float
    p99: float


@dataclass(slots=True)
class Journal:
    """Collects requests and sums them up by operation, in the order of first use."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    failures: Counter[str] = field(default_factory=Counter)

    def record(self, operation: str, status: int, seconds: float, *, failed: bool) -> None:
        """Note one answered request; status 0 means that there was no answer."""
        self.seconds[operation].append(seconds)
        self.statuses[operation][status] += 1
        self.failures[operation] += failed

    @property
    def requests(self) -> int:
        """Return how many requests were made."""
        return sum(len(durations) for durations in self.seconds.values())

    @property
    def failed(self) -> int:
        """Return how many requests failed, those that a retry made good included."""
        return self.failures.total()

    def lines(self) -> list[Line]:
        """Sum up every operation."""
        return [
            Line(
                operation=operation,
                requests=len(durations),
                statuses=dict(sorted(self.statuses[operation].items())),
                failed=self.failures[operation],
                p50=percentile(durations, 50),
                p99=percentile(durations, 99),
            )
            for operation, durations in self.seconds.items()
        ]

    def all_seconds(self) -> list[float]:
        """Return the durations of all requests."""
        return [second for durations in self.seconds.values() for second in durations]


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered: Sequence[float] = sorted(values)
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]
