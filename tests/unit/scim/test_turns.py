"""Long changes of groups take turns, so that connections are left to all others."""

import asyncio
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import pytest

from chassis.ids import uuid7
from scim.domain.errors import ScimError
from scim.domain.group import GroupChange
from scim.usecases.turns import LONG_MEMBERS, MAX_WAITING, Turns

ACME, GROUP = uuid7(), uuid7()
MANY = tuple(uuid7() for _ in range(LONG_MEMBERS))
ONE = GroupChange(add=MANY[:1])
RENAME = GroupChange(display_name="New")
PUT = GroupChange(display_name="New", clear_members=True, add=MANY[:1])


class Running:
    """Changes that go on until they are let go."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.inside = 0
        self.most = 0
        self.go = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self, *places: AbstractAsyncContextManager[None]) -> int:
        """Begin changes, and return how many work now."""
        self.tasks += [asyncio.create_task(self._hold(place)) for place in places]
        for _ in range(3):
            await asyncio.sleep(0)
        return self.inside

    async def end(self) -> None:
        self.go.set()
        await asyncio.gather(*self.tasks)

    async def _hold(self, place: AbstractAsyncContextManager[None]) -> None:
        async with place:
            self.inside += 1
            self.most = max(self.most, self.inside)
            await self.go.wait()
            self.inside -= 1


@pytest.mark.parametrize("change", [PUT, None, GroupChange(add=MANY), GroupChange(remove=MANY)])
async def test_a_tenant_has_one_long_change_at_once(change: GroupChange | None) -> None:
    running = Running(Turns(4))
    places = [running.turns.change(ACME, uuid7(), change) for _ in range(24)]
    assert await running.start(*places) == 1
    assert await running.start(running.turns.change(uuid7(), GROUP, change)) == 2
    await running.end()


async def test_all_tenants_together_have_some_of_the_connections() -> None:
    running = Running(Turns(2))
    places = [running.turns.change(uuid7(), uuid7(), PUT) for _ in range(9)]
    created = running.turns.creation(uuid7(), LONG_MEMBERS)
    assert await running.start(*places, created) == 2
    await running.end()
    assert running.most == 2


async def test_a_group_is_renamed_by_one_request_at_once() -> None:
    running = Running(Turns(2))
    assert await running.start(*(running.turns.change(ACME, GROUP, RENAME) for _ in range(9))) == 1
    await running.end()
    assert running.most == 1


async def test_what_is_short_waits_for_nobody() -> None:
    running = Running(Turns(1))
    await running.start(*(running.turns.change(ACME, GROUP, PUT) for _ in range(3)))
    short = [running.turns.change(ACME, GROUP, ONE) for _ in range(9)]
    assert await running.start(*short, running.turns.creation(ACME, 1)) == 11
    await running.end()


async def test_who_waits_is_bounded() -> None:
    running = Running(Turns(1))
    await running.start(running.turns.change(ACME, GROUP, PUT))
    waiting = [running.turns.change(ACME, GROUP, PUT) for _ in range(MAX_WAITING // 2)]
    await running.start(*waiting)
    with pytest.raises(ScimError, match="try again soon"):
        await _enter(running.turns, GROUP)
    await running.end()


async def _enter(turns: Turns, group: UUID) -> None:
    async with turns.change(ACME, group, PUT):
        raise AssertionError
