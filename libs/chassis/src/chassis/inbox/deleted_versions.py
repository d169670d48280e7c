"""How long it is remembered that a key of a state topic was deleted.

The version of a deleted key keeps an older state, sent again, from making it anew. Once no such
state can come any more, it may be forgotten; otherwise every user that ever was would stay.
"""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from chassis.inbox.offset_store import QUERIES
from chassis.loops import beat

FORGOTTEN_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class DeletedVersions:
    """The versions of deleted keys, of all groups in a database."""

    pool: asyncpg.Pool
    keep: timedelta

    async def forget(self) -> int:
        """Forget those that were deleted long ago, and return how many there were."""
        forgotten = 0
        while True:
            query = QUERIES["forget_deleted"](keep=self.keep, limit=FORGOTTEN_AT_ONCE)
            number = int((await self.pool.execute(*query)).removeprefix("DELETE "))
            beat()
            forgotten += number
            if number < FORGOTTEN_AT_ONCE:
                return forgotten
