"""The provisioning log off the hot path: reads and failures are queued and written in batches.

The queue is bounded: when storage is away for long, rows are dropped, counted and reported.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from chassis.clock import Clock
from chassis.retry import every
from kernel.tenant import Tenant
from scim.usecases.authenticate import Authenticate
from scim.usecases.log_entry import LogEntry
from scim.usecases.ports import LogEntries, Tokens, Unstorable

FLUSH_SECONDS = 0.5
ENTRIES_AT_ONCE = 1_000
USES_EVERY = 20
"""Flushes between two writes of the tokens' last use."""

log = structlog.get_logger()


@dataclass(slots=True)
class ProvisioningLog:
    """Writes the log rows that no write has taken with it."""

    entries: LogEntries
    capacity: int = 20_000
    dropped: int = 0
    """Rows lost since the start."""
    _waiting: deque[LogEntry] = field(default_factory=deque)
    _reported: int = 0

    def append(self, entry: LogEntry) -> None:
        """Queue a row; never waits, never fails."""
        if entry.logged:
            return
        if len(self._waiting) >= self.capacity:
            self.dropped += 1
            return
        self._waiting.append(entry)

    async def flush(self) -> None:
        """Write what waits; what cannot be written stays."""
        self._report_dropped()
        while self._waiting:
            count = min(len(self._waiting), ENTRIES_AT_ONCE)
            batch = [self._waiting.popleft() for _ in range(count)]
            try:
                await self._add(batch)
            except BaseException:
                self._waiting.extendleft(reversed(batch))
                raise

    async def _add(self, batch: list[LogEntry]) -> None:
        """Write a batch; a row that can never be written is lost alone, not with the others."""
        try:
            await self.entries.add(batch)
        except Unstorable as error:
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._add(batch[:middle])
                await self._add(batch[middle:])
                return
            self.dropped += 1
            [entry] = batch
            log.error(
                "provisioning_log.row_unstorable",
                tenant_id=str(entry.tenant_id),
                correlation_id=entry.correlation_id,
                error=str(error),
            )

    def _report_dropped(self) -> None:
        if self.dropped > self._reported:
            log.error("provisioning_log.rows_dropped", rows=self.dropped - self._reported)
            self._reported = self.dropped


@dataclass(slots=True)
class BackgroundWriter:
    """Writes log rows each half second; each ten, the last use of tokens, and learns new ones."""

    provisioning_log: ProvisioningLog
    authenticate: Authenticate
    tokens: Tokens

    async def run(self) -> None:
        """Write for ever, and once more when cancelled."""
        try:
            async for number in every(FLUSH_SECONDS, beats=True):
                await self.write(uses=number % USES_EVERY == 0)
        finally:
            await self.write(uses=True)

    async def write(self, *, uses: bool) -> None:
        """Write what waits; a failure is logged and tried again the next time."""
        await _log_failure(self.provisioning_log.flush, "provisioning_log.flush_failed")
        if uses:
            await _log_failure(self._write_uses, "tokens.flush_failed")
            await _log_failure(self.authenticate.learn, "tokens.not_learnt")

    async def _write_uses(self) -> None:
        uses = self.authenticate.take_uses()
        try:
            # The same token looked up again is another grant; the later use is the one that counts.
            used = {(grant.tenant.tenant_id, grant.token_id): at for grant, at in uses.items()}
            await self.tokens.mark_used(used)
        except BaseException:
            self.authenticate.give_back(uses)
            raise


@dataclass(frozen=True, slots=True)
class ReadProvisioningLog:
    """Reads a tenant's provisioning log."""

    entries: LogEntries
    clock: Clock

    async def __call__(
        self, tenant: Tenant, *, back: timedelta, errors: bool, limit: int
    ) -> Sequence[LogEntry]:
        """Return the newest rows, or errors alone, as far back as asked; the oldest first."""
        since = self.clock.now() - back
        return await self.entries.newest(tenant.tenant_id, since=since, errors=errors, limit=limit)


@dataclass(frozen=True, slots=True)
class Pruning:
    """Deletes log rows that are older than they need to be."""

    entries: LogEntries
    clock: Clock
    days: int

    async def prune(self) -> int:
        """Delete them in batches, and return how many there were."""
        return await self.entries.prune(self.clock.now() - timedelta(days=self.days))


async def _log_failure(work: Callable[[], Awaitable[None]], failure: str) -> None:
    """Do the work; log a failure."""
    try:
        await work()
    except Exception as error:
        log.warning(failure, error=repr(error))
