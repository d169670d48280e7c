"""The end of what is old: a loop that removes it every hour."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from chassis.database import DATABASE_FAILURES
from chassis.loops import Loop
from chassis.observe import REMOVED, RETENTION_DONE
from chassis.retry import every

RETENTION_SECONDS = 3_600.0
BATCH_SECONDS = 300.0
"""How long a batch may take before the loop counts as stuck."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Retention:
    """Removes what is old, of one kind."""

    kind: str
    """What it is, for logs and metrics: `provisioning-log`."""
    remove: Callable[[], Awaitable[int]]
    """Removes it, in batches with a heartbeat each, and returns how much that was."""
    seconds: float = RETENTION_SECONDS
    """Between two times."""

    async def run(self) -> None:
        """Remove again and again, for ever; while the database is away, the next time does it."""
        async for _ in every(self.seconds, beats=True):
            try:
                removed = await self.remove()
            except DATABASE_FAILURES as error:
                log.error("retention.failed", kind=self.kind, error=repr(error))
                continue
            RETENTION_DONE.labels(self.kind).set(time.time())
            if removed:
                REMOVED.labels(self.kind).inc(removed)
                log.info("retention.removed", kind=self.kind, removed=removed)


def retention(kind: str, remove: Callable[[], Awaitable[int]]) -> Loop:
    """Return the loop of one kind."""
    return Loop(f"retention-{kind}", Retention(kind, remove).run, silence=BATCH_SECONDS)
