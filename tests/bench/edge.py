"""`PYTHONPATH=tests python -m bench.edge`: what the edge costs a request, in CPU µs.

Budget: 60 µs for everything between the server and a hot route. Exit code 1 above it.
"""

import sys
import time
from typing import Any

import uvloop
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from starlette.routing import Route
from starlette.types import ASGIApp

from chassis.http import create_app
from chassis.observe import configure_tracing

BUDGET = 60.0
REQUESTS = 10_000
ROUNDS = 7
PATH = "/scim/v2/0199f39e-02b7-7a6c-8f15-d41b7c90ee31/Users/0199f3a0-7c1e-7d52-9a41-3f0c5e8b2d10"
HEADERS = [
    (b"host", b"127.0.0.1:8081"),
    (b"user-agent", b"Microsoft-SCIM"),
    (b"accept", b"application/scim+json"),
    (b"authorization", b"Bearer " + b"x" * 48),
    (b"content-type", b"application/scim+json"),
    (b"content-length", b"400"),
    (b"connection", b"keep-alive"),
]
START = {"type": "http.response.start", "status": 200}


class Bare:
    """The least that answers."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        await send(START | {"headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"ok":true}'})


async def _receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(_message: Any) -> None:
    """Drop the message."""


async def _once(app: ASGIApp, extra: list[tuple[bytes, bytes]]) -> float:
    began = time.process_time()
    for _ in range(REQUESTS):
        scope = {
            "type": "http",
            "method": "GET",
            "path": PATH,
            "root_path": "",
            "query_string": b"",
            "headers": HEADERS + extra,
        }
        await app(scope, _receive, _send)
    return (time.process_time() - began) / REQUESTS * 1e6


async def _cost(app: ASGIApp, *extra: tuple[bytes, bytes]) -> float:
    """Return the least of several rounds: everything else a busy machine only adds."""
    return min([await _once(app, list(extra)) for _ in range(ROUNDS)])


async def measure() -> float:
    """Print the table, and return the cost of a request that is not sampled."""
    app = create_app("edge", registry=CollectorRegistry())
    path = "/scim/v2/{tenant}/Users/{user}"
    app.router.routes.insert(0, Route(path, Bare(), methods=["GET"], name="users.get"))
    processor = SimpleSpanProcessor(InMemorySpanExporter())
    configure_tracing(service="edge", endpoint=None, ratio=0.01, processor=processor)
    bare, routed = await _cost(Bare()), await _cost(app.router)
    usual = await _cost(app)
    sampled = await _cost(app, (b"traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"))
    rows = {
        "bare ASGI application": bare,
        "+ router": routed - bare,
        "+ router and edge, 1 % sampled": usual - bare,
        "+ router and edge, sampled": sampled - bare,
    }
    for name, cost in rows.items():
        sys.stdout.write(f"{name:34} {cost:6.1f} µs\n")
    return usual - bare


if __name__ == "__main__":
    sys.exit(uvloop.run(measure()) > BUDGET)
