"""Feeds the deny list from the bus: each process for itself, in no group.

It begins with what was written as long ago as a token lives, and the list is good once that has
been read. While the broker is away the list stays as it is: no token outlives that for long, and
`sso` gives no new ones to whoever is out.
"""

import asyncio
import time
from collections.abc import Mapping

import structlog

from chassis.bus import NOBODY, KafkaAccount, KafkaTail, Partition, Undecodable
from chassis.clock import Clock, SystemClock
from chassis.denied.list import LEEWAY, LONGEST_TOKEN, DenyList
from chassis.denied.records import apply
from chassis.loops import beat
from chassis.retry import Progress, every, retry
from contracts.graph import TELL_WHO_IS_OUT

RECEIVE_TIMEOUT = 1.0
WATCH_SECONDS = 10.0
STUCK_ROUNDS = 3
"""Looks at the log that find records waiting, and none read, before the process is ended."""

log = structlog.get_logger()


class FeedStuck(Exception):
    """There is something to read, and it is not read: whoever is out would stay in."""


class DenyFeed:
    """The loop that keeps a deny list up to date."""

    def __init__(
        self,
        denied: DenyList,
        bootstrap: str,
        account: KafkaAccount = NOBODY,
        *,
        clock: Clock | None = None,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        """Prepare; `run` connects."""
        self._denied = denied
        self._bootstrap = bootstrap
        self._account = account
        self._clock = clock or SystemClock()
        self._watch_seconds = watch_seconds

    async def run(self) -> None:
        """Follow the bus for ever; connect again after the broker was away.

        Raises:
            FeedStuck: Records are there and none come.
        """
        progress = Progress()
        await retry(
            lambda: self._follow(progress),
            (OSError, TimeoutError),
            first=0.2,
            limit=5.0,
            failed=lambda error, pause: log.warning(
                "denied.feed_failed", error=repr(error), retry_in=pause
            ),
            progress=progress,
        )

    async def _follow(self, progress: Progress) -> None:
        tail = KafkaTail(self._bootstrap, TELL_WHO_IS_OUT, self._account)
        watching: asyncio.Task[None] | None = None
        try:
            began = time.monotonic()
            await tail.start(self._clock.now() - LONGEST_TOKEN - 2 * LEEWAY)
            ends = await tail.ends()
            watching = asyncio.create_task(self._watch(tail))
            while not _reached(tail.next, ends):
                await self._read(tail, watching)
            self._denied.caught_up = True
            progress.mark()
            log.info(
                "denied.caught_up",
                entries=len(self._denied),
                seconds=round(time.monotonic() - began, 3),
            )
            while True:
                await self._read(tail, watching)
        finally:
            if watching is not None:
                watching.cancel()
            await tail.close()

    async def _read(self, tail: KafkaTail, watching: asyncio.Task[None]) -> None:
        if watching.done():
            await watching
        for record in await tail.receive(RECEIVE_TIMEOUT):
            try:
                apply(record, self._denied)
            except Undecodable as error:
                # It may have said that somebody is out: whoever has an older token gets a new one.
                log.error(
                    "denied.undecodable",
                    topic=record.partition.topic,
                    partition=record.partition.number,
                    offset=record.offset,
                    reason=str(error),
                )
                self._denied.refuse_older()
        beat()

    async def _watch(self, tail: KafkaTail) -> None:
        """End the process when what is there is not read for several rounds."""
        before: Mapping[Partition, int] = {}
        rounds = 0
        async for _ in every(self._watch_seconds):
            try:
                ends = await tail.ends()
            except (OSError, TimeoutError):
                before, rounds = {}, 0
                continue
            behind = {each: at for each, at in tail.next.items() if at < ends.get(each, 0)}
            stuck = any(before.get(each) == at for each, at in behind.items())
            rounds = rounds + 1 if stuck else 0
            if rounds >= STUCK_ROUNDS:
                raise FeedStuck(f"{len(behind)} partitions have records that are not read")
            before = behind


def _reached(reached: Mapping[Partition, int], ends: Mapping[Partition, int]) -> bool:
    return all(reached[partition] >= end for partition, end in ends.items())
