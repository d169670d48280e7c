"""Loops: stopped in order on a signal, and never half a process."""

import asyncio
import os
import signal

import pytest

from chassis.loops import Heartbeats, Loop, LoopDied, beat, run_until_signalled
from support.waiting import eventually


class Journal:
    """Loops that write down what becomes of them."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def loop(self, name: str) -> Loop:
        async def run() -> None:
            self.entries.append(f"{name} started")
            try:
                await asyncio.Event().wait()
            finally:
                self.entries.append(f"{name} stopped")

        return Loop(name, run)

    def gentle(self, name: str) -> Loop:
        stop = asyncio.Event()

        async def run() -> None:
            self.entries.append(f"{name} started")
            await stop.wait()
            self.entries.append(f"{name} finished")

        return Loop(name, run, stop.set)


async def failing() -> None:
    await asyncio.sleep(0)
    raise RuntimeError("broken")


def refuse_abort(code: int) -> None:
    raise AssertionError(f"aborted with {code}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_loops_last_one_first(number: signal.Signals) -> None:
    journal = Journal()
    loops = [journal.loop("relay"), journal.loop("consumer"), journal.gentle("http")]
    running = asyncio.create_task(run_until_signalled(loops, abort=refuse_abort))
    await eventually(lambda: len(journal.entries) == 3)

    os.kill(os.getpid(), number)
    await running

    assert journal.entries[3:] == ["http finished", "consumer stopped", "relay stopped"]


async def test_a_loop_that_fails_takes_the_others_down_in_order() -> None:
    journal = Journal()
    loops = [journal.loop("relay"), Loop("consumer", failing), journal.loop("http")]

    with pytest.raises(LoopDied, match="loop consumer failed") as death:
        await run_until_signalled(loops, abort=refuse_abort)

    assert isinstance(death.value.__cause__, RuntimeError)
    assert journal.entries[2:] == ["http stopped", "relay stopped"]


async def test_a_loop_that_ends_by_itself_counts_as_dead() -> None:
    async def short() -> None:
        """End at once."""

    with pytest.raises(LoopDied, match="loop relay ended by itself"):
        await run_until_signalled([Loop("relay", short)], abort=refuse_abort)


async def test_a_loop_that_ignores_a_request_to_stop_is_cancelled() -> None:
    journal = Journal()
    deaf = Loop("deaf", journal.loop("deaf").run, stop=lambda: None)
    running = asyncio.create_task(run_until_signalled([deaf], grace=0.05, abort=refuse_abort))
    await eventually(lambda: journal.entries)

    os.kill(os.getpid(), signal.SIGTERM)
    await running

    assert journal.entries == ["deaf started", "deaf stopped"]


async def test_a_second_signal_aborts() -> None:
    aborted: list[int] = []
    stop = asyncio.Event()

    async def busy() -> None:
        await stop.wait()

    slow = Loop("slow", busy, stop=lambda: None)
    running = asyncio.create_task(run_until_signalled([slow], grace=5, abort=aborted.append))
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    await eventually(lambda: aborted == [1])
    stop.set()
    await running


async def test_a_loop_beats_from_anywhere_inside() -> None:
    beats = Heartbeats()
    ready = asyncio.Event()

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(deep())

    async def deep() -> None:
        beat()
        ready.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(run_until_signalled([Loop("relay", work)], heartbeats=beats))
    await ready.wait()

    assert list(beats.ages()) == ["relay"]
    os.kill(os.getpid(), signal.SIGTERM)
    await running


def test_beating_outside_of_a_loop_does_nothing() -> None:
    beat()


class TestHeartbeats:
    def setup_method(self) -> None:
        self.now = 100.0
        self.beats = Heartbeats(lambda: self.now)
        self.beats.watch("relay", 60)

    def test_a_loop_is_watched_from_its_first_beat_on(self) -> None:
        self.now += 1000
        assert self.beats.silent() == []

    def test_silence_is_noticed(self) -> None:
        self.beats.beat("relay")
        self.now += 59
        assert self.beats.silent() == []
        self.now += 2
        assert self.beats.silent() == ["relay"]

    def test_a_beat_ends_silence(self) -> None:
        self.beats.beat("relay")
        self.now += 100
        self.beats.beat("relay")
        assert self.beats.silent() == []

    def test_zero_means_never_watched(self) -> None:
        self.beats.watch("signal", 0)
        self.beats.beat("signal")
        self.now += 1000
        assert self.beats.silent() == []
