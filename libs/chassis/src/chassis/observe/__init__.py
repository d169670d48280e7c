"""What operators see: logs, traces, metrics and health."""

from chassis.observe.health import Check, NotReady, operations_routes
from chassis.observe.logging import configure_logging
from chassis.observe.metrics import (
    CONSUMER_LAG,
    PARKED_EVENTS,
    REFUSED_EVENTS,
    REMOVED,
    RETENTION_DONE,
    Poll,
    RequestMetrics,
    polling,
)
from chassis.observe.tracing import (
    Tracing,
    configure_tracing,
    consumer_span,
    traceparent_of,
    tracing,
    valid_traceparent,
)

__all__ = [
    "CONSUMER_LAG",
    "PARKED_EVENTS",
    "REFUSED_EVENTS",
    "REMOVED",
    "RETENTION_DONE",
    "Check",
    "NotReady",
    "Poll",
    "RequestMetrics",
    "Tracing",
    "configure_logging",
    "configure_tracing",
    "consumer_span",
    "operations_routes",
    "polling",
    "traceparent_of",
    "tracing",
    "valid_traceparent",
]
