"""Waiting on a condition with a deadline, so that no test sleeps for a guessed time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

T = TypeVar("T")


@overload
async def eventually(
    condition: Callable[[], Awaitable[T | None]], *, within: float = 10, every: float = 0.02
) -> T: ...
@overload
async def eventually(
    condition: Callable[[], T | None], *, within: float = 10, every: float = 0.02
) -> T: ...
async def eventually(
    condition: Callable[[], Awaitable[T | None] | T | None],
    *,
    within: float = 10,
    every: float = 0.02,
) -> T:
    """Return the condition's value once it is true; an assertion in it counts as not yet.

    After the deadline the last assertion, or the last value, is the failure's explanation.
    """
    deadline = time.monotonic() + within
    while True:
        failure: AssertionError | None = None
        value: object = None
        try:
            value = condition()
            if inspect.isawaitable(value):
                value = await value
            if value:
                return cast("T", value)
        except AssertionError as error:
            failure = error
        if time.monotonic() > deadline:
            raise failure or AssertionError(f"not true within {within} s; last value: {value!r}")
        await asyncio.sleep(every)
