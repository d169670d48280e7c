"""Traces: sampled once at the edge, then carried through outbox and Kafka by `traceparent`.

Whether a piece of work is traced is decided before any span exists, so that what is not sampled
costs a comparison. FastAPI and aiokafka are not instrumented: these few spans are the whole story.

OpenTelemetry's propagator reads and writes `traceparent` where a span is made. Whether a caller's
is well-formed is asked of one expression: the propagator takes 20 us for it, the expression 1.3 us,
and most requests that bring a trace are not sampled.
"""

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.context import bind, current

Attributes = Mapping[str, str | int | float | bool]

EXPORT_TIMEOUT = 5
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


class Tracing:
    """Decides what is traced, and makes the spans."""

    def __init__(self, provider: TracerProvider | None = None, ratio: float = 0.0) -> None:
        self._provider = provider
        self._ratio = ratio if provider is not None else 0.0
        self._tracer = provider.get_tracer("portico") if provider is not None else None

    def samples(self, traceparent: str | None) -> bool:
        """Decide whether to trace: as the caller decided, otherwise by the sample ratio."""
        if self._tracer is None:
            return False
        if traceparent is not None:
            return bool(int(traceparent[-2:], 16) & 1)
        return self._ratio > 0 and random.random() < self._ratio  # noqa: S311

    def start(
        self, name: str, kind: SpanKind, traceparent: str | None, attributes: Attributes
    ) -> Span | None:
        """Start a span under the given parent; None if nothing is traced here."""
        if self._tracer is None:
            return None
        parent = _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None
        span = self._tracer.start_span(name, parent, kind, dict(attributes))
        return span if isinstance(span, Span) else None

    def shutdown(self) -> None:
        """Send what is still buffered; waits a few seconds at most."""
        if self._provider is not None:
            self._provider.force_flush(EXPORT_TIMEOUT * 1000)
            self._provider.shutdown()


_tracing = Tracing()


def tracing() -> Tracing:
    """Return this process's tracing; it does nothing until it has been configured."""
    return _tracing


def configure_tracing(
    *, service: str, endpoint: str | None, ratio: float, processor: SpanProcessor | None = None
) -> Tracing:
    """Set up tracing for this process: to an OTLP/HTTP collector, or to the given processor."""
    global _tracing
    if processor is None and endpoint is not None:
        processor = _exporting_to(endpoint)
    if processor is None:
        _tracing = Tracing()
        return _tracing
    # Not made the global provider: FastAPI would then trace each request by itself.
    provider = TracerProvider(
        sampler=ALWAYS_ON, resource=Resource.create({"service.name": service})
    )
    provider.add_span_processor(processor)
    _tracing = Tracing(provider, ratio)
    return _tracing


@contextmanager
def span(
    name: str, kind: SpanKind = SpanKind.INTERNAL, attributes: Attributes | None = None
) -> Iterator[None]:
    """Trace a block of work as a child of the bound context, if that is sampled.

    Inside the block the context's `traceparent` names the new span, so events written there are its
    children. An exception marks the span as failed and passes on.
    """
    context = current()
    parent = context.traceparent
    if parent is None or not _tracing.samples(parent):
        yield
        return
    started = _tracing.start(name, kind, parent, attributes or {})
    if started is None:
        yield
        return
    try:
        with bind(replace(context, traceparent=traceparent_of(started))):
            yield
    except BaseException as error:
        started.set_status(StatusCode.ERROR, type(error).__name__)
        raise
    finally:
        started.end()


def consumer_span(event_type: str, topic: str, group: str) -> AbstractContextManager[None]:
    """Trace the handling of one event, under the span that published it."""
    return span(
        f"process {event_type}",
        SpanKind.CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.destination.name": topic,
            "messaging.consumer.group.name": group,
            "messaging.operation.type": "process",
        },
    )


def traceparent_of(span: Span) -> str:
    """Return the W3C `traceparent` header that names a span."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, set_span_in_context(span))
    return carrier["traceparent"]


def valid_traceparent(value: str) -> str | None:
    """Return a well-formed `traceparent` header, None for any other (W3C Trace Context §3.2)."""
    match = _TRACEPARENT.fullmatch(value)
    if match is None or match[1] == _NO_TRACE or match[2] == _NO_SPAN:
        return None
    return value


def _exporting_to(endpoint: str) -> SpanProcessor:
    # Imported here because it is large, and most processes never export.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    target = f"{endpoint.rstrip('/')}/v1/traces"
    return BatchSpanProcessor(OTLPSpanExporter(target, timeout=EXPORT_TIMEOUT))
