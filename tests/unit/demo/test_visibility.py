"""The probe stops when a state is seen, and never for an older state that looks alike."""

import time
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from demo.visibility import VisibilityProbe

USER = uuid7()


def row(name: str, status: str = "active") -> Any:
    # Stands for an asyncpg.Record, which nobody can make.
    return {"id": USER, "display_name": name, "status": status}


def probe() -> VisibilityProbe:
    return VisibilityProbe(tenant_id=uuid7())


def write(watch: VisibilityProbe, name: str, at: float, active: bool = True) -> None:
    watch.user_written(str(UUID(int=USER.int)), name, active, at)


def test_a_change_is_timed_from_its_answer_until_it_is_seen() -> None:
    watch = probe()
    write(watch, "A", 10.0)
    watch._stop([row("older")], 10.1)
    assert watch.waiting == 1
    watch._stop([row("A")], 10.25)
    assert watch.seconds == [0.25]
    assert watch.waiting == 0


def test_a_later_state_proves_the_earlier_ones() -> None:
    watch = probe()
    write(watch, "A", 1.0)
    write(watch, "B", 2.0)
    watch._stop([row("B")], 3.0)
    assert watch.seconds == [2.0, 1.0]


def test_a_state_that_was_seen_before_cannot_be_timed() -> None:
    watch = probe()
    write(watch, "A", 1.0)
    watch._stop([row("A")], 2.0)
    write(watch, "A", 3.0, active=False)
    write(watch, "A", 4.0)
    watch._stop([row("A")], 5.0)
    assert watch.seconds == [1.0]
    assert watch.waiting == 0


async def test_settling_ends_at_its_deadline() -> None:
    watch = probe()
    write(watch, "A", time.monotonic())
    assert not await watch.wait_until_seen(0.01)
    watch._stop([row("A")], time.monotonic())
    assert await watch.wait_until_seen(0.01)
