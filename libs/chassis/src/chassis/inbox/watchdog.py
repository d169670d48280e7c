"""Ends a process whose partitions stop moving: a restart heals what aiokafka cannot.

Known ways to get stuck are aiokafka 625, 703, 847 and 1154. While the broker or the database does
not answer at all the process goes on, because a restart would not help.
"""

import time
from collections.abc import Callable, Mapping

import structlog

from chassis.bus import Partition, Receiver
from chassis.observe import CONSUMER_LAG

_log = structlog.get_logger(__name__)


class Stuck(Exception):
    """The consumer no longer gets anywhere; the process must end."""


class Watchdog:
    """Compares the ends of the partitions at the broker with the consumer's offsets."""

    def __init__(
        self,
        receiver: Receiver,
        offsets: Callable[[], Mapping[Partition, int | None]],
        *,
        stall_timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch a consumer.

        Args:
            receiver: Asked for the ends of the partitions and for membership.
            offsets: Returns the next offset of each assigned partition that no outage holds up,
                None if not yet known.
            stall_timeout: Seconds without progress after which `check` raises.
            clock: Monotonic seconds.
        """
        self._receiver = receiver
        self._offsets = offsets
        self._stall_timeout = stall_timeout
        self._clock = clock
        self._member_at = clock()
        self._ends_at = clock()
        self._moved: dict[Partition, tuple[int | None, float]] = {}

    async def check(self) -> None:
        """Look once; raise Stuck if something has not moved for too long."""
        now = self._clock()
        answered = await self._check_member(now)
        offsets = dict(self._offsets())
        try:
            ends = await self._receiver.ends(list(offsets)) if offsets else {}
        except (OSError, TimeoutError) as error:
            _log.warning("watchdog.ends_unknown", error=repr(error))
            # The broker answers another connection, so this one is what hangs.
            if answered and now - self._ends_at > self._stall_timeout:
                raise Stuck("the consumer's own connection gets no answers") from error
            return
        self._ends_at = now
        # Partitions may have gone elsewhere meanwhile.
        self._check_progress(now, dict(self._offsets()), ends)

    async def _check_member(self, now: float) -> bool:
        try:
            is_member = await self._receiver.is_member()
        except (OSError, TimeoutError) as error:
            _log.warning("watchdog.broker_silent", error=repr(error))
            self._member_at = now
            return False
        if is_member:
            self._member_at = now
        elif now - self._member_at > self._stall_timeout:
            raise Stuck(f"not in the consumer group for {self._stall_timeout:.0f} s")
        return True

    def _check_progress(
        self,
        now: float,
        offsets: Mapping[Partition, int | None],
        ends: Mapping[Partition, int],
    ) -> None:
        self._moved = {
            partition: seen for partition, seen in self._moved.items() if partition in offsets
        }
        for partition, offset in offsets.items():
            lag = max(0, ends.get(partition, 0) - (offset or 0))
            CONSUMER_LAG.labels(partition.topic, str(partition.number)).set(lag)
            last_offset, since = self._moved.get(partition, (None, now))
            if lag == 0 or partition not in self._moved or offset != last_offset:
                self._moved[partition] = (offset, now)
            elif now - since > self._stall_timeout:
                raise Stuck(
                    f"{partition.topic}/{partition.number} is {lag} records behind "
                    f"and has not moved for {self._stall_timeout:.0f} s"
                )
