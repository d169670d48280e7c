"""One trace and one correlation id: HTTP request, outbox, Kafka header, handler, its own events."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.context import Context, current
from chassis.http import create_app
from chassis.ids import uuid7
from chassis.observe import configure_tracing
from contracts.event import Event
from support.bus import Bus, KafkaBroker, open_bus, running, user_deleted
from support.databases import DatabaseFactory
from support.waiting import eventually

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    configure_tracing(service="demo", endpoint=None, ratio=0, processor=processor)
    yield exporter
    configure_tracing(service="demo", endpoint=None, ratio=0)


@pytest.fixture
async def bus(kafka: str, database: DatabaseFactory) -> AsyncIterator[Bus]:
    async with open_bus(KafkaBroker(kafka), database) as made:
        yield made


async def provision(bus: Bus, headers: dict[str, str]) -> Context:
    """Answer one request that writes an event; return the context that the handler saw."""
    seen: list[Context] = []
    tenant_id = uuid7()

    async def write(_request: Request) -> Response:
        await bus.commit(user_deleted(tenant_id))
        return Response(status_code=204)

    async def handle(event: Event, _connection: asyncpg.Connection) -> None:
        if event.tenant_id == tenant_id:
            seen.append(current())

    app = create_app("test", registry=CollectorRegistry())
    app.router.routes.append(Route("/users", write, methods=["POST"], name="users.create"))
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
        running(bus.relay().run, bus.reader(handle).run),
    ):
        assert (await client.post("/users", headers=headers)).status_code == 204
        await eventually(lambda: seen, within=20)
    assert seen[0].tenant_id == str(tenant_id)
    return seen[0]


async def test_a_sampled_request_is_one_trace_up_to_the_handler(
    bus: Bus, exporter: InMemorySpanExporter
) -> None:
    context = await provision(
        bus, {"traceparent": f"{TRACEPARENT}-01", "x-correlation-id": "entra-4711"}
    )

    request, handling = exporter.get_finished_spans()
    assert (request.name, handling.name) == ("users.create", "process scim.user.deleted.v1")
    assert request.context is not None
    assert handling.context is not None
    assert f"{request.context.trace_id:032x}" == TRACEPARENT[3:35]
    assert request.context.trace_id == handling.context.trace_id
    assert handling.parent is not None
    assert handling.parent.span_id == request.context.span_id
    assert context.correlation_id == "entra-4711"
    assert context.traceparent == f"{TRACEPARENT[:36]}{handling.context.span_id:016x}-01"


async def test_an_unsampled_request_leaves_no_span_but_its_ids(
    bus: Bus, exporter: InMemorySpanExporter
) -> None:
    context = await provision(bus, {"traceparent": f"{TRACEPARENT}-00"})

    assert exporter.get_finished_spans() == ()
    assert context.correlation_id == TRACEPARENT[3:35]
    assert context.traceparent == f"{TRACEPARENT}-00"
