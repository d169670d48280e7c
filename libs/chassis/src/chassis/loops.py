"""Runs a process's loops: side by side, each beating, stopped in order.

A loop that dies or ends by itself takes the whole process down loudly: half a process is worse than
none. On SIGTERM or SIGINT the loops are stopped one after the other, the last one first, so that
what feeds others (HTTP) ends before what it feeds (consumers, then the relay).
"""

import asyncio
import contextlib
import math
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

import structlog

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Loop:
    """Something that runs until it is stopped."""

    name: str
    run: Callable[[], Awaitable[None]]
    stop: Callable[[], None] | None = None
    """Asks the loop to end by itself; without it, and after the grace time, it is cancelled."""
    silence: float = 60.0
    """Seconds without a beat after which it is stuck, once it has begun to beat; 0: never."""


class LoopDied(Exception):
    """A loop ended although nobody had asked it to."""

    def __init__(self, name: str, cause: BaseException | None) -> None:
        super().__init__(f"loop {name} {'failed' if cause else 'ended by itself'}")
        self.name = name
        self.__cause__ = cause


class Heartbeats:
    """When each running loop last said that it is alive.

    A loop is watched from its first beat on: one that only waits for others has nothing to say.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beats: dict[str, float] = {}
        self._silences: dict[str, float] = {}

    def watch(self, name: str, silence: float) -> None:
        """Expect a beat of `name` at least every `silence` seconds, from its first one on."""
        self._silences[name] = silence

    def beat(self, name: str) -> None:
        """Say that `name` is alive."""
        self._beats[name] = self._clock()

    def ages(self) -> dict[str, float]:
        """Return the seconds since each loop's last beat."""
        now = self._clock()
        return {name: now - beat for name, beat in self._beats.items()}

    def silent(self) -> list[str]:
        """Return the names of the loops that have been silent for too long."""
        return [
            name
            for name, age in self.ages().items()
            if age > (self._silences.get(name) or math.inf)
        ]


_beating: ContextVar[Callable[[], None] | None] = ContextVar("beating", default=None)


def beat() -> None:
    """Say that the loop this code runs in is alive; does nothing outside of a loop."""
    beating = _beating.get()
    if beating is not None:
        beating()


async def run_until_signalled(
    loops: Sequence[Loop],
    *,
    grace: float = 15.0,
    heartbeats: Heartbeats | None = None,
    abort: Callable[[int], object] = os._exit,
) -> None:
    """Run the loops until SIGTERM, SIGINT or the death of one of them.

    Raises:
        LoopDied: A loop failed or ended; the others have been stopped in order.
    """
    runner = _Runner(heartbeats or Heartbeats(), abort)
    with runner.signals():
        async with asyncio.TaskGroup() as group:
            tasks = [(loop, group.create_task(runner.run(loop))) for loop in loops]
            try:
                await runner.stopping.wait()
            finally:
                await runner.stop(tasks, grace)
    if runner.death is not None:
        raise runner.death


class _Runner:
    """The state of one run."""

    def __init__(self, heartbeats: Heartbeats, abort: Callable[[int], object]) -> None:
        self.stopping = asyncio.Event()
        self.death: LoopDied | None = None
        self._heartbeats = heartbeats
        self._abort = abort

    async def run(self, loop: Loop) -> None:
        self._heartbeats.watch(loop.name, loop.silence)
        _beating.set(lambda: self._heartbeats.beat(loop.name))
        try:
            await loop.run()
        except asyncio.CancelledError as error:
            if self.stopping.is_set():
                raise
            self._died(loop, error)
        except Exception as error:
            self._died(loop, error)
        else:
            self._died(loop, None)

    def _died(self, loop: Loop, cause: BaseException | None) -> None:
        if self.stopping.is_set() and cause is None:
            return
        log.error("loop.died", loop=loop.name, exc_info=cause)
        self.death = self.death or LoopDied(loop.name, cause)
        self.stopping.set()

    async def stop(self, tasks: Sequence[tuple[Loop, asyncio.Task[None]]], grace: float) -> None:
        clock = asyncio.get_running_loop()
        # A loop that swallows its cancellation must not keep the process.
        last_resort = clock.call_later(grace + 5.0, self._abort, 1)
        deadline = clock.time() + grace
        for loop, task in reversed(tasks):
            if loop.stop is not None and not task.done():
                loop.stop()
                await asyncio.wait([task], timeout=max(0.0, deadline - clock.time()))
            if not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=max(0.5, deadline - clock.time()))
            log.info("loop.stopped", loop=loop.name, clean=task.done())
        if all(task.done() for _, task in tasks):
            last_resort.cancel()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        clock = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            clock.add_signal_handler(number, self._signalled, number)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                clock.remove_signal_handler(number)

    def _signalled(self, number: int) -> None:
        if self.stopping.is_set():
            log.warning("process.aborted", signal=signal.Signals(number).name)
            self._abort(1)
        log.info("process.stopping", signal=signal.Signals(number).name)
        self.stopping.set()
