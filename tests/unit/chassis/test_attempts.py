"""When work that takes too long is given up, and when it is waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncpg
import pytest

from chassis.bus import Partition
from chassis.inbox.attempts import Attempts, Retries
from kernel.errors import UnavailableError

TRIES = 7


class Database:
    """Answers the question whether it answers, or not."""

    def __init__(self, answer: Exception | bool) -> None:
        self._answer = answer

    async def fetchval(self, _query: str, *, timeout: float) -> bool:
        assert timeout > 0
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def attempts(answer: Exception | bool) -> Attempts:
    pool = cast("asyncpg.Pool", Database(answer))
    retries = Retries(attempts=2, pause=0.001, timeouts=3)
    return Attempts(Partition("events", 0), pool, retries, asyncio.Event())


def failing(error: Exception, times: int) -> tuple[Callable[[], Awaitable[None]], list[int]]:
    calls: list[int] = []

    async def work() -> None:
        calls.append(1)
        if len(calls) <= times:
            raise error

    return work, calls


SLOW = [TimeoutError(), asyncpg.QueryCanceledError("canceling statement due to statement timeout")]


@pytest.mark.parametrize("error", SLOW)
async def test_what_is_too_slow_by_itself_is_given_up(error: Exception) -> None:
    work, calls = failing(error, TRIES)
    assert await attempts(True).a_few(work) == (error, 1)
    assert len(calls) == 3


@pytest.mark.parametrize("error", SLOW)
async def test_while_the_database_answers_nobody_it_is_waited_for(error: Exception) -> None:
    work, calls = failing(error, TRIES)
    assert (await attempts(ConnectionRefusedError()).a_few(work))[0] is None
    assert len(calls) == TRIES + 1


@pytest.mark.parametrize(
    "error", [asyncpg.LockNotAvailableError("canceling statement due to lock timeout"), OSError()]
)
async def test_who_waits_for_somebody_else_is_not_slow(error: Exception) -> None:
    work, calls = failing(error, TRIES)
    assert (await attempts(True).a_few(work))[0] is None
    assert len(calls) == TRIES + 1


async def test_another_service_that_takes_too_long_is_waited_for() -> None:
    error: Any = UnavailableError("down", "Later.")
    error.__cause__ = TimeoutError()
    work, _ = failing(error, TRIES)
    assert (await attempts(True).a_few(work))[0] is None
