"""Overload protection."""

import asyncio

import pytest

from chassis.http.gate import Gate


async def test_so_many_enter_and_the_next_waits_its_turn() -> None:
    gate = Gate(2, 2)
    assert gate.try_enter()
    assert gate.try_enter()
    assert not gate.try_enter()
    first, second = asyncio.create_task(gate.enter()), asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    assert gate.waiting == 2

    gate.leave()
    assert await first
    assert not second.done()
    gate.leave()
    assert await second
    assert gate.active == 2


async def test_a_full_queue_turns_away_at_once() -> None:
    gate = Gate(1, 0)
    gate.try_enter()

    assert await gate.enter() is False


async def test_nobody_jumps_the_queue() -> None:
    gate = Gate(1, 1)
    gate.try_enter()
    waiting = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    gate.leave()

    assert not gate.try_enter()
    assert await waiting


async def test_one_who_gives_up_leaves_the_queue() -> None:
    gate = Gate(1, 1)
    gate.try_enter()
    waiting = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert gate.waiting == 0

    gate.leave()
    assert gate.active == 0


async def test_a_place_given_to_one_who_just_gave_up_is_not_lost() -> None:
    gate = Gate(1, 1)
    gate.try_enter()
    waiting = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)

    gate.leave()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert gate.try_enter()
