"""Liveness and readiness."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client import CollectorRegistry, Counter

from chassis.http import operations_application
from chassis.loops import Heartbeats
from chassis.observe import Check, NotReady, operations_routes
from chassis.observe import health as health_module
from chassis.observe.health import Health


async def works() -> None:
    """Pass."""


async def refuses() -> None:
    raise NotReady("not applied: 1002_more.sql")


async def breaks() -> None:
    raise RuntimeError("password=hunter2")


async def hangs() -> None:
    await asyncio.Event().wait()


async def ready(*checks: Check) -> tuple[int, dict[str, Any]]:
    status, body = await Health(Heartbeats(), checks).ready()
    return status, orjson.loads(body)


async def test_ready_when_every_check_passes() -> None:
    status, body = await ready(Check("database", works), Check("broker", works))

    assert (status, body["status"]) == (200, "ready")
    assert body["checks"]["database"]["ok"] is True


async def test_unready_with_the_reason_when_an_essential_check_fails() -> None:
    status, body = await ready(Check("migrations", refuses))

    assert (status, body["status"]) == (503, "unready")
    assert body["checks"]["migrations"]["reason"] == "not applied: 1002_more.sql"


async def test_degraded_but_ready_when_another_check_fails() -> None:
    status, body = await ready(Check("database", works), Check("broker", refuses, essential=False))

    assert (status, body["status"]) == (200, "degraded")


async def test_a_check_that_hangs_fails_in_time() -> None:
    status, body = await ready(Check("database", hangs, timeout=0.01))

    assert status == 503
    assert body["checks"]["database"]["reason"] == "no answer within 0.01 s"


async def test_the_text_of_an_unforeseen_error_is_not_shown() -> None:
    _, body = await ready(Check("database", breaks))

    assert body["checks"]["database"]["reason"] == "RuntimeError"


async def test_many_questions_are_one_check() -> None:
    asked = 0

    async def count() -> None:
        nonlocal asked
        asked += 1

    health = Health(Heartbeats(), [Check("database", count)])
    await asyncio.gather(*(health.ready() for _ in range(20)))

    assert asked == 1


def test_alive_until_a_loop_is_stuck() -> None:
    now = 0.0
    beats = Heartbeats(lambda: now)
    health = Health(beats, [])
    beats.watch("relay", 60)
    beats.beat("relay")
    assert health.live()[0] == 200

    now = 61.0
    status, body = health.live()

    assert status == 503
    assert orjson.loads(body)["silent"] == ["relay"]


async def operations(method: str, path: str, registry: CollectorRegistry) -> httpx.Response:
    app = operations_application(operations_routes(Heartbeats(), (), registry))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path)


async def test_the_port_of_health_and_metrics_answers_get_and_head_alone() -> None:
    registry = CollectorRegistry()
    for path in ("/metrics", "/health/live", "/health/ready"):
        for method, status in (("GET", 200), ("HEAD", 200), ("POST", 405)):
            assert (await operations(method, path, registry)).status_code == status
    assert (await operations("GET", "/elsewhere", registry)).status_code == 404


async def test_metrics_are_made_once_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CollectorRegistry()
    counter = Counter("seen", "Things seen", registry=registry)
    app = operations_application(operations_routes(Heartbeats(), (), registry))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        before = await client.get("/metrics")
        counter.inc()
        assert (await client.get("/metrics")).text == before.text
        monkeypatch.setattr(health_module, "CACHE_SECONDS", 0.0)
        assert "seen_total 1.0" in (await client.get("/metrics")).text
