"""Gauges are polled off the path, and a poll that fails stops nothing."""

import asyncio
import contextlib

import structlog

from chassis.observe import Poll, polling
from support.waiting import eventually


async def test_a_poll_that_fails_is_logged_and_tried_again() -> None:
    tried = {"broken": 0, "good": 0}

    async def broken() -> None:
        tried["broken"] += 1
        raise RuntimeError("t0ps3cret")

    async def good() -> None:
        tried["good"] += 1

    loop = polling([Poll("broken", broken), Poll("good", good)], seconds=0)
    with structlog.testing.capture_logs() as logs:
        running = asyncio.ensure_future(loop.run())
        await eventually(lambda: min(tried.values()) >= 2)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    assert logs[0] == {
        "event": "metrics.poll_failed", "log_level": "warning",
        "poll": "broken", "error": "RuntimeError",
    }  # fmt: skip
