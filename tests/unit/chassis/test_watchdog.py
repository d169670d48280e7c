"""The watchdog ends what stands still, and blames nobody while the broker is silent."""

from collections.abc import Mapping, Sequence

import pytest

from chassis.bus import Partition
from chassis.inbox.watchdog import Stuck, Watchdog
from chassis.testing.local_broker import LocalBroker, LocalReceiver

PARTITION = Partition("scim-events", 0)
STALL_TIMEOUT = 60.0


class Watched(LocalReceiver):
    """A receiver whose answers the test chooses."""

    def __init__(self) -> None:
        super().__init__(LocalBroker(), "group", [])
        self.member: bool | Exception = True
        self.end: int | Exception = 10

    async def is_member(self) -> bool:
        if isinstance(self.member, Exception):
            raise self.member
        return self.member

    async def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        if isinstance(self.end, Exception):
            raise self.end
        return dict.fromkeys(partitions, self.end)


class Story:
    """Time passes, and the watchdog looks every five seconds."""

    def __init__(self) -> None:
        self.receiver = Watched()
        self.offsets: dict[Partition, int | None] = {PARTITION: 3}
        self.now = 0.0
        self.watchdog = Watchdog(
            self.receiver, lambda: self.offsets, stall_timeout=STALL_TIMEOUT, clock=lambda: self.now
        )

    async def passes(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += 5
            await self.watchdog.check()


async def test_a_partition_with_lag_that_does_not_move_ends_the_process() -> None:
    story = Story()
    await story.passes(60)
    with pytest.raises(Stuck, match="scim-events/0 is 7 records behind"):
        await story.passes(10)


async def test_a_partition_never_claimed_is_stuck_too() -> None:
    story = Story()
    story.offsets[PARTITION] = None
    with pytest.raises(Stuck):
        await story.passes(70)


async def test_movement_or_an_empty_partition_is_well() -> None:
    story = Story()
    for offset in range(3, 10):
        story.offsets[PARTITION] = offset
        await story.passes(50)
    story.offsets[PARTITION] = 10
    await story.passes(600)


async def test_a_partition_that_went_elsewhere_is_forgotten() -> None:
    story = Story()
    await story.passes(55)
    story.offsets.clear()
    await story.passes(10)
    story.offsets[PARTITION] = 3
    await story.passes(55)


async def test_a_member_without_partitions_is_well() -> None:
    story = Story()
    story.offsets.clear()
    await story.passes(600)


async def test_who_is_no_member_for_too_long_is_ended() -> None:
    story = Story()
    story.offsets.clear()
    story.receiver.member = False
    await story.passes(60)
    with pytest.raises(Stuck, match="not in the consumer group"):
        await story.passes(5)


async def test_a_silent_broker_is_nobodys_fault() -> None:
    story = Story()
    story.receiver.member = story.receiver.end = ConnectionError("down")
    await story.passes(600)
    story.receiver.member, story.receiver.end = True, 10
    story.offsets[PARTITION] = 10
    await story.passes(60)


async def test_a_consumer_that_hangs_while_the_broker_answers_is_ended() -> None:
    story = Story()
    story.receiver.end = TimeoutError()
    with pytest.raises(Stuck, match="own connection"):
        await story.passes(70)
