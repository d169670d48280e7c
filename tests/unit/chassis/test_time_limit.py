"""The time limit of many requests: each has its own, whoever else ends or is cancelled."""

import asyncio
import time

import pytest

from chassis.http.time_limit import TimeLimit

SECONDS = 0.1


async def take(limit: TimeLimit, seconds: float) -> str:
    try:
        with limit.timed():
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "too long"
    return "done"


async def test_only_what_takes_too_long_is_ended() -> None:
    limit = TimeLimit(SECONDS)
    began = time.monotonic()
    taken = [asyncio.create_task(take(limit, seconds)) for seconds in (30, 0, 30, 0.01)]
    await asyncio.sleep(SECONDS / 2)
    taken += [asyncio.create_task(take(limit, seconds)) for seconds in (0, 30)]
    assert await asyncio.gather(*taken) == [
        "too long",
        "done",
        "too long",
        "done",
        "done",
        "too long",
    ]
    assert time.monotonic() - began >= 1.5 * SECONDS - 0.01
    assert await take(limit, 30) == "too long", "the timer starts again"


async def test_a_task_that_somebody_else_cancels_is_cancelled() -> None:
    limit = TimeLimit(30)
    task = asyncio.create_task(take(limit, 30))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_is_cancelled_by_both_is_cancelled() -> None:
    limit = TimeLimit(30)
    task = asyncio.create_task(take(limit, 30))
    await asyncio.sleep(0)
    # Both happen before the task runs again.
    [timed] = limit._open
    timed.expire()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_passes_and_a_limit_that_ran_out_meanwhile_leaves_no_cancellation() -> None:
    limit = TimeLimit(SECONDS)

    async def turn_into_an_error() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            raise ValueError("mine") from None

    async def fail() -> int:
        with pytest.raises(ValueError, match="mine"), limit.timed():
            await turn_into_an_error()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert await asyncio.create_task(fail()) == 0
