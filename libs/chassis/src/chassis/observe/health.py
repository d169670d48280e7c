"""Liveness and readiness: "restart me" and "send me work" are different questions.

Alive means that no loop is stuck. Ready means that every essential check passes; the others only
make the answer `degraded`, since a service must go on serving while the broker is away.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from chassis.loops import Heartbeats

CACHE_SECONDS = 1.0


class NotReady(Exception):
    """A check failed; the message is shown in the readiness answer, so it holds no secret."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must work."""

    name: str
    probe: Callable[[], Awaitable[object]]
    essential: bool = True
    timeout: float = 3.0


class Health:
    """Answers whether this process is alive and ready."""

    def __init__(self, heartbeats: Heartbeats, checks: Sequence[Check]) -> None:
        self._heartbeats = heartbeats
        self._checks = checks
        self._lock = asyncio.Lock()
        self._known: tuple[float, tuple[int, bytes]] | None = None

    def live(self) -> tuple[int, bytes]:
        """Return status and JSON of `/health/live`."""
        silent = self._heartbeats.silent()
        ages = {name: round(age, 1) for name, age in self._heartbeats.ages().items()}
        body = {"status": "stuck" if silent else "alive", "silent": silent, "beats": ages}
        return (503 if silent else 200), orjson.dumps(body)

    async def ready(self) -> tuple[int, bytes]:
        """Return status and JSON of `/health/ready`; asked often, it checks once a second."""
        async with self._lock:
            if self._known is not None and time.monotonic() - self._known[0] < CACHE_SECONDS:
                return self._known[1]
            answer = await self._check()
            self._known = time.monotonic(), answer
            return answer

    async def _check(self) -> tuple[int, bytes]:
        results = await asyncio.gather(*(_run(check) for check in self._checks))
        by_name = {check.name: result for check, result in zip(self._checks, results, strict=True)}
        failed = [check for check in self._checks if not by_name[check.name]["ok"]]
        unready = any(check.essential for check in failed)
        status = "unready" if unready else "degraded" if failed else "ready"
        return (503 if unready else 200), orjson.dumps({"status": status, "checks": by_name})


async def _run(check: Check) -> dict[str, Any]:
    began = time.perf_counter()
    result: dict[str, Any] = {"ok": True, "essential": check.essential}
    try:
        async with asyncio.timeout(check.timeout):
            await check.probe()
    except NotReady as error:
        result |= {"ok": False, "reason": str(error)}
    except TimeoutError:
        result |= {"ok": False, "reason": f"no answer within {check.timeout:g} s"}
    except Exception as error:
        # The text of a driver's error may hold an address or a name; its type says enough.
        result |= {"ok": False, "reason": type(error).__name__}
    return result | {"ms": round((time.perf_counter() - began) * 1000, 1)}


def operations_routes(
    heartbeats: Heartbeats, checks: Sequence[Check], registry: CollectorRegistry = REGISTRY
) -> dict[str, ASGIApp]:
    """Return the applications behind `/health/live`, `/health/ready` and `/metrics`."""
    health = Health(heartbeats, checks)
    samples = _Samples(registry)

    async def live(_request: Request) -> Response:
        status, body = health.live()
        return Response(body, status, media_type="application/json")

    async def ready(_request: Request) -> Response:
        status, body = await health.ready()
        return Response(body, status, media_type="application/json")

    async def metrics(_request: Request) -> Response:
        return Response(samples.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    return {
        "/health/live": _asgi(live),
        "/health/ready": _asgi(ready),
        "/metrics": _asgi(metrics),
    }


class _Samples:
    """The metrics as text, made once a second at most: it takes the time of many requests."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._known: tuple[float, bytes] | None = None

    def text(self) -> bytes:
        """Return the metrics as Prometheus reads them."""
        now = time.monotonic()
        if self._known is None or now - self._known[0] >= CACHE_SECONDS:
            self._known = now, generate_latest(self._registry)
        return self._known[1]


def _asgi(answer: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)

    return app
