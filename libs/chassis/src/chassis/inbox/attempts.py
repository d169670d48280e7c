"""How often work on a partition is tried: through outages without end, else a few times."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import asyncpg
import structlog

from chassis.bus import Partition
from chassis.database import DATABASE_FAILURES
from chassis.inbox.errors import Fenced, TooManyParked, is_outage, is_permanent, is_timeout
from chassis.retry import backoff

MAX_PAUSE = 5.0
PROBE_SECONDS = 5.0

_T = TypeVar("_T")

_log = structlog.get_logger(__name__)


class Stopped(Exception):
    """The partition is being given back."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often an event is tried before it is parked, and the first pause between."""

    attempts: int = 5
    pause: float = 0.1
    timeouts: int = 3
    """How often it may take too long while the database answers others."""


class Attempts:
    """Does a partition's work again where it fails, until the partition is given back."""

    def __init__(
        self, partition: Partition, pool: asyncpg.Pool, retries: Retries, stopping: asyncio.Event
    ) -> None:
        """Prepare; whoever sets `stopping` ends a pause with Stopped."""
        self.in_outage = False
        """Something that is needed is out of reach, the database most likely; it is waited for."""
        self._partition = partition
        self._pool = pool
        self._retries = retries
        self._stopping = stopping

    async def a_few(self, work: Callable[[], Awaitable[None]]) -> tuple[Exception | None, int]:
        """Do the work in a few attempts; return the last one's error, if any, and their number."""
        pauses = backoff(self._retries.pause, MAX_PAUSE)
        for attempt in range(1, self._retries.attempts + 1):
            try:
                await self.through_outages(work, timeouts=self._retries.timeouts)
            except (Fenced, Stopped, TooManyParked):
                raise
            except Exception as error:
                if is_permanent(error) or is_timeout(error) or attempt == self._retries.attempts:
                    return error, attempt
                await self._sleep(next(pauses))
            else:
                return None, attempt
        raise AssertionError("there is at least one attempt")

    async def through_outages(
        self, work: Callable[[], Awaitable[_T]], *, timeouts: int | None = None
    ) -> _T:
        """Do the work, retried without end while a transient outage is in its way.

        Args:
            work: What to do.
            timeouts: How often it may take too long while the database answers others: then it is
                the work itself that is too slow, and its error is raised. None: without end.
        """
        for pause in backoff(self._retries.pause, MAX_PAUSE):
            try:
                done = await work()
            except Exception as error:
                if not is_outage(error):
                    raise
                if timeouts is not None and is_timeout(error) and await self._database_answers():
                    timeouts -= 1
                    if timeouts <= 0:
                        self.in_outage = False
                        raise
                self.in_outage = True
                _log.warning(
                    "partition.held_up",
                    topic=self._partition.topic,
                    partition=self._partition.number,
                    error=type(error).__name__,
                    retry_seconds=pause,
                )
                await self._sleep(pause)
            else:
                self.in_outage = False
                return done
        raise AssertionError("the pauses never end")

    def stop_if_asked(self) -> None:
        """Raise Stopped if the partition is being given back."""
        if self._stopping.is_set():
            raise Stopped

    async def _database_answers(self) -> bool:
        try:
            return bool(await self._pool.fetchval("SELECT true", timeout=PROBE_SECONDS))
        except DATABASE_FAILURES:
            return False

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        self.stop_if_asked()
