"""The edge: ids, limits, metrics, problems and traces around any application."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.context import current
from chassis.http import Application, Problem, ProblemError, create_app
from chassis.http.edge import Edge, Limits
from chassis.http.problems import STATUS_OF_KIND
from chassis.observe import configure_tracing
from kernel.errors import ConflictError, Kind
from support.waiting import eventually

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Body(BaseModel):
    name: str
    secret: int


class House:
    """An application with one route for each thing that can happen."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.registry = CollectorRegistry()
        self.working = 0
        self.app = self._app()

    def _app(self) -> Application:
        limits = Limits(body_bytes=100, seconds=0.5, concurrent=2, queued=1)
        app = create_app("test", limits=limits, registry=self.registry)
        hot = {"/hot": self.hot, "/boom": self.boom, "/wait": self.wait, "/busy": self.busy}
        hot["/taken"] = self.taken
        app.router.routes.extend(
            Route(path, endpoint, methods=["GET", "POST"], name=f"demo{path.replace('/', '.')}")
            for path, endpoint in hot.items()
        )

        @app.post("/fastapi")
        async def made(body: Body) -> dict[str, str]:
            return {"name": body.name}

        return app

    async def hot(self, request: Request) -> Response:
        await request.body()
        return Response(f"{current().correlation_id} {current().traceparent}")

    async def boom(self, _request: Request) -> Response:
        raise RuntimeError("t0ps3cret internals")

    async def wait(self, _request: Request) -> Response:
        self.working += 1
        await self.release.wait()
        return Response("done")

    async def busy(self, _request: Request) -> Response:
        raise ProblemError(Problem(429, "too-many-requests", "Too many requests", retry_after=7))

    async def taken(self, _request: Request) -> Response:
        raise ConflictError("name-taken", "Choose another name.", retry_after=3)

    def count(self, operation: str, status: int) -> float:
        labels = {"operation": operation, "status": str(status)}
        return self.registry.get_sample_value("http_request_duration_seconds_count", labels) or 0


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    configure_tracing(service="demo", endpoint=None, ratio=0, processor=processor)
    yield exporter
    configure_tracing(service="demo", endpoint=None, ratio=0)


async def test_a_rule_that_says_no_is_a_problem_of_its_kind(client: httpx.AsyncClient) -> None:
    answer = await client.get("/taken")

    assert answer.status_code == 409
    assert answer.headers["retry-after"] == "3"
    problem = answer.json()
    assert problem.pop("correlation_id")
    assert problem == {
        "type": "urn:portico:problem:name-taken",
        "title": "Conflict",
        "status": 409,
        "detail": "Choose another name.",
    }


def test_every_kind_of_error_has_a_status() -> None:
    assert set(STATUS_OF_KIND) == set(Kind)


class TestCorrelation:
    async def test_a_sane_id_is_kept_and_returned(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/hot", headers={"X-Correlation-Id": "abc-12345"})

        assert answer.headers["x-correlation-id"] == "abc-12345"
        assert answer.text.startswith("abc-12345 ")

    @pytest.mark.parametrize("given", ["short", "x" * 129, "with space", "<script>alert(1)", ""])
    async def test_any_other_is_replaced(self, client: httpx.AsyncClient, given: str) -> None:
        answer = await client.get("/hot", headers={"X-Correlation-Id": given})

        assert len(answer.headers["x-correlation-id"]) == 32

    async def test_the_trace_id_serves_as_one(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/hot", headers={"traceparent": TRACEPARENT})

        assert answer.headers["x-correlation-id"] == TRACEPARENT[3:35]

    async def test_every_request_without_one_gets_its_own(self, client: httpx.AsyncClient) -> None:
        answers = [(await client.get("/hot")).headers["x-correlation-id"] for _ in range(3)]

        assert len(set(answers)) == 3

    async def test_the_context_ends_with_the_request(self, client: httpx.AsyncClient) -> None:
        await client.get("/hot")

        assert current().correlation_id == ""


class TestProblems:
    async def test_an_unforeseen_error_tells_nothing_and_is_logged(
        self, client: httpx.AsyncClient
    ) -> None:
        with structlog.testing.capture_logs() as logs:
            answer = await client.get("/boom", headers={"X-Correlation-Id": "abc-12345"})

        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["correlation_id"] == "abc-12345"
        assert "t0ps3cret" not in answer.text
        [line] = [one for one in logs if one["event"] == "http.request_failed"]
        assert "t0ps3cret" in str(line["exc_info"])

    async def test_a_problem_is_answered_with_its_headers(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/busy")

        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "7"
        assert answer.json()["type"] == "urn:portico:problem:too-many-requests"

    async def test_an_unknown_path_is_a_problem(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/nowhere")

        assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")

    async def test_a_wrong_method_is_a_problem(self, client: httpx.AsyncClient) -> None:
        answer = await client.delete("/hot")

        assert answer.status_code == 405
        assert answer.headers["content-type"] == "application/problem+json"
        assert "GET" in answer.headers["allow"]

    async def test_invalid_input_names_the_field_and_repeats_nothing(
        self, client: httpx.AsyncClient
    ) -> None:
        answer = await client.post("/fastapi", json={"name": "x", "secret": "t0ps3cret"})

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "body.secret"
        assert "t0ps3cret" not in answer.text

    async def test_a_service_may_bring_its_own_error_body(self) -> None:
        def body(scope: Any, problem: Problem, correlation_id: str) -> tuple[bytes, bytes]:
            return b"application/scim+json", f"{scope['path']} {problem.status}".encode()

        app = create_app("test", error_body=body, registry=CollectorRegistry())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.get("/nowhere")

        assert answer.headers["content-type"] == "application/scim+json"
        assert answer.text == "/nowhere 404"


class TestLimits:
    async def test_an_announced_body_over_the_limit_is_refused(
        self, client: httpx.AsyncClient, house: House
    ) -> None:
        answer = await client.post("/hot", content=b"x" * 101)

        assert answer.status_code == 413
        assert house.count("unmatched", 413) == 1

    @pytest.mark.parametrize("path", ["/hot", "/fastapi"])
    async def test_a_body_that_grows_over_the_limit_is_refused(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        async def growing() -> AsyncIterator[bytes]:
            for _ in range(11):
                yield b"[" * 10

        headers = {"content-type": "application/json"}
        answer = await client.post(path, content=growing(), headers=headers)

        assert (answer.status_code, answer.json()["title"]) == (413, "Body too large")

    async def test_a_body_at_the_limit_passes(self, client: httpx.AsyncClient) -> None:
        assert (await client.post("/hot", content=b"x" * 100)).status_code == 200

    async def test_slow_bodies_keep_nobody_waiting(
        self, client: httpx.AsyncClient, house: House
    ) -> None:
        more = asyncio.Event()

        async def trickling() -> AsyncIterator[bytes]:
            yield b"x"
            await more.wait()
            yield b"y"

        await client.get("/hot")
        slow = [asyncio.create_task(client.post("/hot", content=trickling())) for _ in range(10)]
        uploads = edge_of(house)._uploads
        await eventually(lambda: uploads.held == 10)
        assert (await client.get("/hot")).status_code == 200
        assert (await client.post("/hot", content=b"z")).status_code == 200
        more.set()
        # Two places and one to wait in: all have come at once now.
        statuses = {one.status_code for one in await asyncio.gather(*slow)}
        assert 200 in statuses
        assert statuses <= {200, 503}
        assert uploads.held == 0

    async def test_slow_bodies_are_held_within_a_bound(
        self, client: httpx.AsyncClient, house: House
    ) -> None:
        await client.get("/hot")
        edge_of(house)._uploads._share = 150

        async def endless() -> AsyncIterator[bytes]:
            yield b"x" * 60
            await asyncio.Event().wait()

        answers = await asyncio.gather(*(client.post("/hot", content=endless()) for _ in range(3)))
        assert sorted(one.json()["title"] for one in answers) == [
            "Too busy",
            "Too slow",
            "Too slow",
        ]
        assert edge_of(house)._uploads.held == 0

    async def test_a_slow_request_is_given_up(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/wait")

        assert (answer.status_code, answer.json()["title"]) == (503, "Too slow")
        assert answer.headers["retry-after"] == "2"

    async def test_too_many_at_once_wait_and_then_are_turned_away(
        self, client: httpx.AsyncClient, house: House
    ) -> None:
        running = [asyncio.create_task(client.get("/wait")) for _ in range(2)]
        await eventually(lambda: house.working == 2)
        queued = asyncio.create_task(client.get("/hot"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        refused = await eventually_refused(client)
        house.release.set()

        assert refused.headers["retry-after"] == "1"
        assert refused.json()["title"] == "Too busy"
        assert (await queued).status_code == 200
        assert [one.status_code for one in await asyncio.gather(*running)] == [200, 200]


def edge_of(house: House) -> Edge:
    edge = house.app.middleware_stack
    assert isinstance(edge, Edge)
    return edge


async def eventually_refused(client: httpx.AsyncClient) -> httpx.Response:
    async def ask() -> httpx.Response | None:
        answer = await client.get("/hot")
        return answer if answer.status_code == 503 else None

    refused = await eventually(ask)
    assert refused is not None
    return refused


class TestMetrics:
    async def test_requests_are_counted_by_operation_and_status(
        self, client: httpx.AsyncClient, house: House
    ) -> None:
        await client.get("/hot")
        await client.get("/hot")
        await client.get("/boom")
        await client.post("/fastapi", json={"name": "x", "secret": 1})
        await client.get("/nowhere")

        assert house.count("demo.hot", 200) == 2
        assert house.count("demo.boom", 500) == 1
        assert house.count("made", 200) == 1
        assert house.count("unmatched", 404) == 1

    @pytest.mark.parametrize("path", ["/metrics", "/health/ready", "/health/live"])
    async def test_metrics_and_health_are_not_exposed(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        assert (await client.get(path)).status_code == 404


class TestTraces:
    async def test_a_sampled_request_is_a_span_and_the_parent_of_what_it_writes(
        self, client: httpx.AsyncClient, exporter: InMemorySpanExporter
    ) -> None:
        answer = await client.get("/hot", headers={"traceparent": TRACEPARENT})

        [span] = exporter.get_finished_spans()
        assert span.name == "demo.hot"
        assert span.parent is not None
        assert f"{span.parent.span_id:016x}" == TRACEPARENT[36:52]
        assert span.context is not None
        written = answer.text.split()[1]
        assert written == f"{TRACEPARENT[:36]}{span.context.span_id:016x}-01"

    async def test_an_unsampled_request_passes_its_trace_on(
        self, client: httpx.AsyncClient, exporter: InMemorySpanExporter
    ) -> None:
        unsampled = TRACEPARENT[:-2] + "00"
        answer = await client.get("/hot", headers={"traceparent": unsampled})

        assert answer.text.split()[1] == unsampled
        assert exporter.get_finished_spans() == ()

    async def test_a_failed_request_is_a_failed_span(
        self, client: httpx.AsyncClient, exporter: InMemorySpanExporter
    ) -> None:
        await client.get("/boom", headers={"traceparent": TRACEPARENT})

        [span] = exporter.get_finished_spans()
        assert not span.status.is_ok
        assert span.attributes is not None
        assert span.attributes["http.response.status_code"] == 500
