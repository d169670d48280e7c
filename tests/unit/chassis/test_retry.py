"""Endless loops wait longer after each failure, and tell while they wait that they are alive."""

import asyncio
from itertools import islice

import pytest

from chassis import retry as module
from chassis.loops import Heartbeats, Loop, LoopDied, run_until_signalled
from chassis.retry import Progress, backoff, every, retry


def test_pauses_double_up_to_the_limit() -> None:
    assert list(islice(backoff(0.1, 0.5), 5)) == [0.1, 0.2, 0.4, 0.5, 0.5]


async def test_work_is_repeated_until_it_returns_and_each_failure_is_told() -> None:
    errors: list[Exception] = [OSError("one"), TimeoutError("two"), OSError("three")]
    told: list[tuple[str, float]] = []

    async def work() -> str:
        if errors:
            raise errors.pop(0)
        return "done"

    done = await retry(
        work, (OSError,), first=0.001, limit=0.002, failed=lambda e, s: told.append((str(e), s))
    )
    assert done == "done"
    assert told == [("one", 0.001), ("two", 0.002), ("three", 0.002)]


@pytest.mark.parametrize(
    ("works", "pauses"), [(True, [0.01, 0.02, 0.01]), (False, [0.01, 0.02, 0.04])]
)
async def test_only_a_failure_after_a_long_time_of_working_is_a_first_one(
    works: bool, pauses: list[float]
) -> None:
    attempts = iter([0.0, 0.0, 0.1])
    told: list[float] = []
    progress = Progress()

    async def work() -> None:
        for seconds in attempts:
            if works:
                progress.mark()
            await asyncio.sleep(seconds)
            raise OSError

    await retry(
        work,
        (OSError,),
        first=0.01,
        limit=0.05,
        failed=lambda _, s: told.append(s),
        progress=progress,
    )
    assert told == pauses


async def test_what_works_only_after_a_long_wait_has_not_worked_for_long() -> None:
    told: list[float] = []
    progress = Progress()

    async def work() -> None:
        if len(told) == 2:
            return
        await asyncio.sleep(0.1)
        progress.mark()
        progress.mark()
        raise OSError

    await retry(
        work,
        (OSError,),
        first=0.01,
        limit=0.05,
        failed=lambda _, s: told.append(s),
        progress=progress,
    )
    assert told == [0.01, 0.02]


@pytest.mark.parametrize(("beats", "heard"), [(True, {"l": 0.0}), (False, {})])
async def test_a_loop_that_only_waits_for_others_is_not_watched_after_a_failure(
    beats: bool, heard: dict[str, float]
) -> None:
    heartbeats = Heartbeats(lambda: 0.0)
    failures = iter([OSError()])

    async def work() -> None:
        for error in failures:
            raise error

    async def run() -> None:
        await retry(work, (OSError,), first=0.0, limit=0.0, failed=lambda *_: None, beats=beats)

    with pytest.raises(LoopDied):
        await run_until_signalled([Loop("l", run)], heartbeats=heartbeats, grace=1)
    assert heartbeats.ages() == heard


async def test_any_other_error_ends_it() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await retry(work, (OSError,), first=0, limit=0, failed=lambda *_: None)


async def test_rounds_are_numbered_and_apart() -> None:
    clock = asyncio.get_running_loop()
    started = clock.time()
    async for turn in every(0.02):
        if turn == 3:
            break
    assert turn == 3
    assert clock.time() - started >= 0.04


@pytest.mark.parametrize(("beats", "heard"), [(True, True), (False, False)])
async def test_a_long_wait_beats_where_it_should(
    monkeypatch: pytest.MonkeyPatch, beats: bool, heard: bool
) -> None:
    monkeypatch.setattr(module, "BEAT_INTERVAL", 0.01)
    now = 0.0
    heartbeats = Heartbeats(lambda: now)

    async def run() -> None:
        nonlocal now
        rounds = every(60, beats=beats)
        await anext(rounds)
        waiting = asyncio.ensure_future(anext(rounds))
        now = 7.0
        await asyncio.sleep(0.1)
        waiting.cancel()

    with pytest.raises(LoopDied):
        await run_until_signalled([Loop("l", run)], heartbeats=heartbeats, grace=1)
    assert (heartbeats.ages() == {"l": 0.0}) is heard
