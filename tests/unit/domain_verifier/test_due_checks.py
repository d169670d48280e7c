"""The loop of due checks: what it goes on after, and what ends it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import pytest

from chassis.clock import SystemClock
from domain_verifier.usecases import due_checks
from domain_verifier.usecases.breaker import ReviewBreaker
from domain_verifier.usecases.checks import RunCheck
from domain_verifier.usecases.due_checks import CheckDueClaims
from domain_verifier.usecases.ports import Claims, Lease


class FailingClaims:
    """Fails with one error after the other, then has nothing due."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.answered = asyncio.Event()

    async def lease_due(self, now: datetime, *, limit: int) -> Sequence[Lease]:
        if self.errors:
            raise self.errors.pop(0)
        self.answered.set()
        return []


async def _review() -> None:
    """Count nothing."""


def loop_on(claims: FailingClaims) -> CheckDueClaims:
    return CheckDueClaims(
        cast("Claims", claims),
        cast("RunCheck", None),
        cast("ReviewBreaker", _review),
        SystemClock(),
        transient=(OSError,),
    )


async def test_the_loop_goes_on_when_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_checks, "RETRY_SECONDS", 0.01)
    claims = FailingClaims(OSError("down"), OSError("still down"))
    task = asyncio.create_task(loop_on(claims).run())
    await asyncio.wait_for(claims.answered.wait(), 5)
    task.cancel()
    await asyncio.wait([task])


async def test_a_fault_of_ours_ends_the_loop() -> None:
    with pytest.raises(ExceptionGroup) as failure:
        await asyncio.wait_for(loop_on(FailingClaims(TypeError("a fault of ours"))).run(), 5)
    assert failure.group_contains(TypeError)
