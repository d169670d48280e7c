"""Traces: sampled at the edge, and one trace from request to handler."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from chassis.context import Context, bind, current
from chassis.observe import configure_tracing, consumer_span, tracing, valid_traceparent
from chassis.observe.tracing import span

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = SAMPLED[:-2] + "00"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    configure_tracing(service="demo", endpoint=None, ratio=0, processor=processor)
    yield exporter
    configure_tracing(service="demo", endpoint=None, ratio=0)


def ids(one: ReadableSpan) -> tuple[str, str, str | None]:
    assert one.context is not None
    parent = f"{one.parent.span_id:016x}" if one.parent else None
    return f"{one.context.trace_id:032x}", f"{one.context.span_id:016x}", parent


def test_without_a_collector_nothing_is_traced() -> None:
    configure_tracing(service="demo", endpoint=None, ratio=1.0)

    assert not tracing().samples(None)
    assert not tracing().samples(SAMPLED)


@pytest.mark.usefixtures("exporter")
def test_the_caller_decides() -> None:
    assert tracing().samples(SAMPLED)
    assert not tracing().samples(UNSAMPLED)
    assert not tracing().samples(None)


@pytest.mark.parametrize(("ratio", "expected"), [(0.0, 0), (1.0, 1000)])
def test_without_a_caller_the_ratio_decides(ratio: float, expected: int) -> None:
    processor = SimpleSpanProcessor(InMemorySpanExporter())
    made = configure_tracing(service="demo", endpoint=None, ratio=ratio, processor=processor)

    assert sum(made.samples(None) for _ in range(1000)) == expected
    configure_tracing(service="demo", endpoint=None, ratio=0)


def test_a_span_is_the_child_of_the_context_and_parent_of_what_is_written_in_it(
    exporter: InMemorySpanExporter,
) -> None:
    with bind(Context("corr", "tenant", SAMPLED)), consumer_span("a.b.v1", "topic", "group"):
        written = current().traceparent
        assert current().tenant_id == "tenant"

    [one] = exporter.get_finished_spans()
    trace_id, span_id, parent = ids(one)
    assert (trace_id, parent) == (SAMPLED[3:35], SAMPLED[36:52])
    assert written == f"00-{trace_id}-{span_id}-01"
    assert one.name == "process a.b.v1"


def test_what_is_not_sampled_leaves_the_context_alone(exporter: InMemorySpanExporter) -> None:
    with bind(Context("corr", None, UNSAMPLED)), span("x"):
        assert current().traceparent == UNSAMPLED
    with span("x"):
        assert current().traceparent is None

    assert exporter.get_finished_spans() == ()


def test_a_failure_marks_the_span_and_passes_on(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(RuntimeError), bind(Context("corr", None, SAMPLED)), span("x"):
        raise RuntimeError("t0ps3cret")

    [one] = exporter.get_finished_spans()
    assert one.status.status_code is StatusCode.ERROR
    assert "t0ps3cret" not in one.to_json()


@pytest.mark.parametrize(
    "value",
    ["", "x", SAMPLED.upper(), SAMPLED + "-x", "01" + SAMPLED[2:], SAMPLED.replace("0af", "xyz"),
     f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01"],
)  # fmt: skip
def test_a_malformed_traceparent_is_ignored(value: str) -> None:
    assert valid_traceparent(value) is None


def test_a_wellformed_traceparent_is_taken() -> None:
    assert valid_traceparent(SAMPLED) == SAMPLED
