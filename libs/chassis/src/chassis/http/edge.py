"""The one ASGI middleware that every request passes: cheap, because it is one.

It gives the request its correlation id, keeps bodies, time and numbers within bounds, traces a
sample, counts what was answered, and turns whatever goes wrong into an error response. Health and
metrics have a port of their own, so that a busy process is not taken for a dead one.
"""

import re
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from time import perf_counter
from types import MappingProxyType
from typing import Any, Protocol

import structlog
from opentelemetry.trace import SpanKind, StatusCode
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.context import Context, bind
from chassis.gate import Gate
from chassis.http.body import Uploads, announced_too_large, limited
from chassis.http.problems import (
    Problem,
    ProblemError,
    internal_error,
    overloaded,
    problem_body,
    timed_out,
    too_large,
)
from chassis.http.time_limit import TimeLimit
from chassis.ids import new_trace_id
from chassis.observe import RequestMetrics, Tracing, traceparent_of, tracing, valid_traceparent

log = structlog.get_logger()

CORRELATION_HEADER = b"x-correlation-id"
CLIENT_GONE = 499
"""The status in metrics and traces of a request whose client left before it had sent all of it."""
_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}")

_NOTHING: Mapping[str, Any] = MappingProxyType({})

ErrorBody = Callable[[Scope, Problem, str], tuple[bytes, bytes]]
"""Gives content type and body of an error answer; a protocol with its own errors brings its own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one process takes on."""

    body_bytes: int = 2_097_152
    seconds: float = 15.0
    concurrent: int = 64
    upload_bytes: int = 67_108_864
    queued: int = 512
    share: int | None = None
    """How much of `concurrent` one party may have."""


class Surface(Protocol):
    """A part of an application that knows whose a request is before it reads the body.

    The edge calls it directly, without a router.
    """

    prefix: str
    """What the paths of its requests begin with."""

    async def admit(self, scope: Scope) -> Hashable | None:
        """Return the party that a request belongs to; None if it is going to be refused.

        A refused request takes nobody's place and nobody's memory: its body is not read.
        """
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, after `admit`."""
        ...


def standard_error_body(
    _scope: Scope, problem: Problem, correlation_id: str
) -> tuple[bytes, bytes]:
    """Give an RFC 9457 problem."""
    return problem_body(problem, correlation_id)


class Edge:
    """Wraps an application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Limits,
        metrics: RequestMetrics,
        operation_names: Mapping[object, str],
        error_body: ErrorBody = standard_error_body,
        surface: Surface | None = None,
        tracing: Callable[[], Tracing] = tracing,
    ) -> None:
        self._app = app
        self._limits = limits
        self._metrics = metrics
        self._operation_names = operation_names
        self._error_body = error_body
        self._surface = surface
        self._prefix = surface.prefix if surface is not None else None
        self._tracing = tracing
        self._time_limit = TimeLimit(limits.seconds)
        self._gate = Gate(limits.concurrent, limits.queued, share=limits.share)
        self._uploads = Uploads(limits.upload_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        headers = dict(scope["headers"])
        traceparent, correlation_id = _origin_ids(headers)
        response = _Response(send, correlation_id)
        if self._tracing().samples(traceparent):
            await self._traced(scope, receive, response, traceparent)
        else:
            with bind(Context(correlation_id, None, traceparent)):
                await self._within_limits(scope, headers, receive, response)
        self._metrics.observe(self._operation(scope), response.status, perf_counter() - started)

    async def _traced(
        self, scope: Scope, receive: Receive, response: "_Response", parent: str | None
    ) -> None:
        attributes = {"http.request.method": scope["method"]}
        span = self._tracing().start(scope["method"], SpanKind.SERVER, parent, attributes)
        traceparent = traceparent_of(span) if span else parent
        with bind(Context(response.correlation_id, None, traceparent)):
            await self._within_limits(scope, dict(scope["headers"]), receive, response)
        if span is None:
            return
        span.update_name(self._operation(scope))
        span.set_attribute("http.response.status_code", response.status)
        span.set_attribute("correlation_id", response.correlation_id)
        if response.status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end()

    async def _within_limits(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, response: "_Response"
    ) -> None:
        """Let the request through to the application within its limits."""
        limit = self._limits.body_bytes
        if announced_too_large(headers.get(b"content-length"), limit):
            await self._refuse(scope, response, too_large(limit))
            return
        if b"transfer-encoding" in headers:
            receive = limited(receive, limit)
        try:
            with self._time_limit.timed() as timed:
                await self._serve(scope, headers, receive, response)
        except ProblemError as error:
            await self._refuse(scope, response, error.problem)
        except TimeoutError as error:
            if timed.expired:
                log.warning("http.request_timed_out", operation=self._operation(scope))
                await self._refuse(scope, response, timed_out())
            else:
                await self._fail(scope, response, error)
        except ClientDisconnect:
            # Nobody waits for an answer; whoever begins a body and leaves is no fault of ours.
            response.status = CLIENT_GONE
            log.info("http.client_gone", operation=self._operation(scope))
        except Exception as error:
            await self._fail(scope, response, error)

    async def _serve(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, response: "_Response"
    ) -> None:
        """Find out whose request it is, then wait for its whole body, then for its turn."""
        app, party, surface = self._app, None, self._surface
        if surface is not None and scope["path"].startswith(self._prefix):
            app, party = surface, await surface.admit(scope)
            if party is None:
                await app(scope, receive, response.send)
                return
        if b"content-length" not in headers and b"transfer-encoding" not in headers:
            await self._in_turn(app, party, scope, receive, response)
            return
        # Who sends slowly must not keep others waiting.
        receive, held = await self._uploads.receive_whole(receive, party)
        try:
            await self._in_turn(app, party, scope, receive, response)
        finally:
            self._uploads.release(held, party)

    async def _in_turn(
        self, app: ASGIApp, party: Hashable, scope: Scope, receive: Receive, response: "_Response"
    ) -> None:
        gate = self._gate
        if not (gate.try_enter(party) or await gate.enter(party)):
            await self._refuse(scope, response, overloaded())
            return
        try:
            await app(scope, receive, response.send)
            flow = scope.get("state", _NOTHING).get("flow")
            if flow is not None and flow.write_paused:
                # A large answer counts as work until it is read, or its memory would not.
                await flow.drain()
        finally:
            gate.leave(party)

    def _operation(self, scope: Scope) -> str:
        """Return the name of the route that was taken, which is the name of the operation."""
        operation = scope.get("operation")
        if operation is None:
            # FastAPI names the route it took only if it is one of its own.
            route = scope.get("route")
            operation = route.name if route else self._operation_names.get(scope.get("endpoint"))
        return operation or "unmatched"

    async def _fail(self, scope: Scope, response: "_Response", error: Exception) -> None:
        log.error("http.request_failed", operation=self._operation(scope), exc_info=error)
        await self._refuse(scope, response, internal_error())

    async def _refuse(self, scope: Scope, response: "_Response", problem: Problem) -> None:
        if response.status:
            # Half an answer cannot be taken back: the server closes the connection.
            return
        content_type, body = self._error_body(scope, problem, response.correlation_id)
        headers = [
            (b"content-type", content_type),
            (b"content-length", str(len(body)).encode()),
            *problem.raw_headers(),
        ]
        start = {"type": "http.response.start", "status": problem.status, "headers": headers}
        await response.send(start)
        await response.send({"type": "http.response.body", "body": body})


def _origin_ids(headers: Mapping[bytes, bytes]) -> tuple[str | None, str]:
    """Return the caller's trace and correlation id where they are sane, otherwise a new id."""
    given = headers.get(b"traceparent")
    traceparent = valid_traceparent(given.decode("latin-1")) if given is not None else None
    given = headers.get(CORRELATION_HEADER)
    if given is not None and _SANE_ID.fullmatch(correlation_id := given.decode("latin-1")):
        return traceparent, correlation_id
    if traceparent is not None:
        return traceparent, traceparent[3:35]
    return None, new_trace_id()


class _Response:
    """The way back: adds the correlation id, and remembers the status."""

    __slots__ = ("_send", "correlation_id", "status")

    def __init__(self, send: Send, correlation_id: str) -> None:
        self._send = send
        self.correlation_id = correlation_id
        self.status = 0

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            extra = (CORRELATION_HEADER, self.correlation_id.encode())
            message["headers"] = [*message.get("headers", ()), extra]
        return self._send(message)
