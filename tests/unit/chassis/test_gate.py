"""Overload protection."""

import asyncio

import pytest

from chassis.gate import Gate


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


async def test_nobody_takes_more_than_the_share_of_a_party() -> None:
    gate = Gate(4, 8, share=2)
    assert [gate.try_enter("acme") for _ in range(3)] == [True, True, False]
    waiting = asyncio.create_task(gate.enter("acme"))
    await asyncio.sleep(0)

    assert gate.try_enter("other"), "there is room for others"
    gate.leave("other")
    await asyncio.sleep(0)
    assert not waiting.done(), "a place of others is none for acme"
    gate.leave("acme")
    assert await waiting
    assert gate.active == 2


async def test_who_waits_is_let_in_by_parties_in_turn() -> None:
    gate = Gate(1, 40, share=1)
    gate.try_enter("acme")
    entered: list[str] = []

    async def enter(party: str) -> None:
        assert await gate.enter(party)
        entered.append(party)
        gate.leave(party)

    tasks = [asyncio.create_task(enter(party)) for party in ("acme",) * 3 + ("other", "third")]
    await asyncio.sleep(0)
    gate.leave("acme")
    await asyncio.gather(*tasks)

    assert entered == ["acme", "other", "third", "acme", "acme"]
    assert (gate.active, gate.waiting) == (0, 0)


async def test_one_party_has_a_share_of_the_queue() -> None:
    gate = Gate(1, 4, share=1)
    gate.try_enter("acme")
    acme = [asyncio.create_task(gate.enter("acme")) for _ in range(2)]
    await asyncio.sleep(0)

    assert await gate.enter("acme") is False
    other = asyncio.create_task(gate.enter("other"))
    await asyncio.sleep(0)
    assert gate.waiting == 3
    gate.leave("acme")
    for task, party in ((acme[0], "acme"), (other, "other"), (acme[1], "acme")):
        assert await task
        gate.leave(party)
    assert (gate.active, gate.waiting) == (0, 0)


async def test_a_place_is_not_given_to_one_who_gave_up_in_the_same_moment() -> None:
    gate = Gate(1, 8, share=1)
    gate.try_enter("acme")
    gone, stays = (asyncio.create_task(gate.enter("acme")) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    gate.leave("acme")

    assert await stays
    gate.leave("acme")
    assert (gate.active, gate.waiting) == (0, 0)


async def test_a_crowd_that_gives_up_at_once_takes_no_place_along() -> None:
    gate = Gate(1, 5_000, share=1)
    gate.try_enter("acme")
    crowd = [asyncio.create_task(gate.enter(f"t{n}")) for n in range(2_000)]
    last = asyncio.create_task(gate.enter("last"))
    await asyncio.sleep(0)
    for task in crowd:
        task.cancel()
    gate.leave("acme")

    assert await last
    await asyncio.wait(crowd)
    gate.leave("last")
    assert (gate.active, gate.waiting) == (0, 0)
    assert gate.try_enter("acme")


async def test_two_parties_fill_no_queue_for_the_others() -> None:
    gate = Gate(1, 8, share=1)
    gate.try_enter("acme")
    crowd = [asyncio.create_task(gate.enter(party)) for party in ("acme", "bad") * 4]
    await asyncio.sleep(0)
    assert gate.waiting == 8, "the queue is full"

    others = [asyncio.create_task(gate.enter(party)) for party in ("one", "two")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [task.done() and task.result() for task in crowd[-2:]] == [False, False]
    assert sum(task.done() for task in crowd) == 2, "the last of each was turned away"
    assert gate.waiting == 8
    assert await gate.enter("bad") is False, "who has the most gets no more"

    gate.leave("acme")
    for task, party in (
        (crowd[0], "acme"),
        (crowd[1], "bad"),
        *zip(others, ("one", "two"), strict=True),
    ):
        assert await task
        gate.leave(party)


async def test_one_who_is_turned_away_and_gives_up_takes_no_place_along() -> None:
    gate = Gate(1, 4, share=1)
    gate.try_enter("acme")
    stays, gone = (asyncio.create_task(gate.enter("acme")) for _ in range(2))
    others = [asyncio.create_task(gate.enter(party)) for party in ("one", "two")]
    await asyncio.sleep(0)
    newcomer = asyncio.create_task(gate.enter("three"))
    await asyncio.sleep(0)
    gone.cancel()
    gate.leave("acme")
    with pytest.raises(asyncio.CancelledError):
        await gone

    waiting = ((stays, "acme"), *zip(others, ("one", "two"), strict=True), (newcomer, "three"))
    for task, party in waiting:
        assert await task
        gate.leave(party)
    assert (gate.active, gate.waiting) == (0, 0)


async def test_a_place_is_held_for_a_while() -> None:
    gate = Gate(1, 0)

    async def fail(*parties: str) -> None:
        async with gate.place(parties[0], refused=RuntimeError):
            await fail(*parties[1:])

    with pytest.raises(RuntimeError):
        await fail("acme", "other")
    with pytest.raises(IndexError):
        await fail("acme")
    assert gate.active == 0
