"""Prometheus metrics: requests counted as they end, everything else polled off the path."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from chassis.loops import Loop, beat
from chassis.retry import every

log = structlog.get_logger()

POLL_SECONDS = 5.0
POLL_TIMEOUT = 4.0
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

CONSUMER_LAG = Gauge(
    "consumer_lag", "Records behind the end of a partition", ["topic", "partition"]
)
PARKED_EVENTS = Gauge("parked_events", "Events set aside because handling them failed", ["topic"])
REMOVED = Counter("retention_removed", "Rows and partitions removed because they are old", ["kind"])
RETENTION_DONE = Gauge(
    "retention_done_timestamp_seconds", "When what is old was last looked for", ["kind"]
)
REFUSED_EVENTS = Counter(
    "refused_events",
    "Records that no producer of ours can have written: a number given twice, a wrong partition",
    ["topic", "reason"],
)


class RequestMetrics:
    """Duration and number of HTTP requests by operation and status."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._histogram = Histogram(
            "http_request_duration_seconds",
            "Seconds from a request's head to the end of its answer",
            ["operation", "status"],
            buckets=BUCKETS,
            registry=registry,
        )
        # Resolving labels costs more than observing; there are few pairs, so they are kept.
        self._children: dict[tuple[str, int], Callable[[float], None]] = {}

    def observe(self, operation: str, status: int, seconds: float) -> None:
        """Count one request."""
        try:
            observe = self._children[operation, status]
        except KeyError:
            observe = self._histogram.labels(operation, str(status)).observe
            self._children[operation, status] = observe
        observe(seconds)


@dataclass(frozen=True, slots=True)
class Poll:
    """Something that brings gauges up to date."""

    name: str
    read: Callable[[], Awaitable[None]]


def polling(polls: Sequence[Poll], *, seconds: float = POLL_SECONDS) -> Loop:
    """Return the loop that runs the polls; one that fails is logged and tried again."""

    async def run() -> None:
        async for _ in every(seconds):
            for poll in polls:
                beat()
                await _run_one(poll)

    return Loop("metrics", run)


async def _run_one(poll: Poll) -> None:
    try:
        async with asyncio.timeout(POLL_TIMEOUT):
            await poll.read()
    except Exception as error:
        log.warning("metrics.poll_failed", poll=poll.name, error=type(error).__name__)
