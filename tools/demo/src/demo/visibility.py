"""Measures how long an answered change takes until a reader of the directory's database sees it.

The clock starts when the SCIM answer has arrived at the client and stops when a read-only
connection, asking again every two milliseconds, sees the new state: both on this process's clock,
so nothing is guessed about anybody's commit time. The poll's own pause is part of the result.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

POLL_SECONDS = 0.002
_SEE = """
SELECT id, display_name, status FROM users WHERE tenant_id = $1 AND id = ANY($2::uuid[])
"""

State = tuple[str, bool]
"""Display name, and whether the user is active."""


@dataclass(slots=True)
class VisibilityProbe:
    """A watcher that times every answered write until it is visible."""

    tenant_id: UUID
    seconds: list[float] = field(default_factory=list)
    _waiting: dict[UUID, deque[tuple[State, float]]] = field(default_factory=dict)
    _seen: dict[UUID, State] = field(default_factory=dict)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin with nothing to wait for."""
        self._idle.set()

    def user_written(self, user_id: str, display_name: str, active: bool, at: float) -> None:
        """Start the clock for a state; one that looks like an older one cannot be timed."""
        key, state = UUID(user_id), (display_name, active)
        queue = self._waiting.setdefault(key, deque())
        if state == self._seen.get(key) or any(state == known for known, _ in queue):
            queue.clear()
        else:
            queue.append((state, at))
        self._note()

    @property
    def waiting(self) -> int:
        """Return how many answered changes are not visible yet."""
        return sum(len(queue) for queue in self._waiting.values())

    async def watch(self, connection: asyncpg.Connection) -> None:
        """Poll until cancelled."""
        statement = await connection.prepare(_SEE)
        while True:
            keys = [key for key, queue in self._waiting.items() if queue]
            if keys:
                rows = await statement.fetch(self.tenant_id, keys)
                self._stop(rows, time.monotonic())
            await asyncio.sleep(POLL_SECONDS)

    async def wait_until_seen(self, within: float) -> bool:
        """Wait until nothing is waiting any more; tell whether that came to pass."""
        try:
            async with asyncio.timeout(within):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def _note(self) -> None:
        if self.waiting:
            self._idle.clear()
        else:
            self._idle.set()

    def _stop(self, rows: list[asyncpg.Record], now: float) -> None:
        for row in rows:
            state = (row["display_name"], row["status"] == "active")
            queue = self._waiting[row["id"]]
            self._seen[row["id"]] = state
            # A later state proves every earlier one: a tenant's events are applied in order.
            if any(known == state for known, _ in queue):
                while queue:
                    known, at = queue.popleft()
                    self.seconds.append(max(0.0, now - at))
                    if known == state:
                        break
        self._note()


@asynccontextmanager
async def probe_visibility(directory_dsn: str, tenant_id: UUID) -> AsyncIterator[VisibilityProbe]:
    """Run a probe on the directory's database while the block runs."""
    read_only = {"default_transaction_read_only": "on"}
    connection = await asyncpg.connect(directory_dsn, timeout=10, server_settings=read_only)
    probe = VisibilityProbe(tenant_id)
    task = asyncio.create_task(probe.watch(connection))
    try:
        yield probe
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()
