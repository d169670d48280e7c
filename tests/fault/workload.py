"""Writes under load and keeps its own list of what was acknowledged; then checks the effects."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from chassis.database import transaction
from chassis.ids import uuid7
from chassis.outbox import OutboxSignal, enqueue
from support.bus import Bus, user_deleted, user_state
from support.processes import ServiceProcess

Start = Callable[..., ServiceProcess]

TENANTS = 24
RATE = 300


@dataclass
class Workload:
    """One writer for each tenant, so that its order of commits is known."""

    bus: Bus
    acked: dict[UUID, list[UUID]] = field(
        default_factory=lambda: {uuid7(): [] for _ in range(TENANTS)}
    )
    versions: dict[tuple[UUID, UUID], int] = field(default_factory=dict)
    """The newest acknowledged state of each record key."""
    _stopping: bool = False

    async def __aenter__(self) -> "Workload":
        """Begin to write."""
        self._signal = OutboxSignal()
        self._notifying = asyncio.create_task(self._signal.run(self.bus.producer_dsn))
        self._writers = [asyncio.create_task(self._write(tenant)) for tenant in self.acked]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop writing."""
        await self.stop()

    async def stop(self) -> None:
        """Stop writing and wait for the commits at hand."""
        self._stopping = True
        await asyncio.gather(*self._writers)
        self._notifying.cancel()
        with suppress(asyncio.CancelledError):
            await self._notifying

    async def _write(self, tenant_id: UUID) -> None:
        users = [uuid7() for _ in range(3)]
        due = time.monotonic()
        while not self._stopping:
            due += TENANTS / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            user_id = users[len(self.acked[tenant_id]) % len(users)]
            version = self.versions.get((tenant_id, user_id), 0) + 1
            event = user_deleted(tenant_id)
            async with transaction(self.bus.producer) as connection:
                await enqueue(connection, [event, user_state(tenant_id, user_id, version)])
            self.acked[tenant_id].append(event.event_id)
            self.versions[tenant_id, user_id] = version
            self._signal.notify()

    async def drained(self) -> bool:
        """Assert that as much is applied as was acknowledged."""
        applied = await self.bus.consumer.fetchval(
            "SELECT count(*) FROM effects WHERE version IS NULL AND tenant_id = ANY ($1)",
            list(self.acked),
        )
        assert applied >= sum(map(len, self.acked.values()))
        states = await self._states()
        assert states == self.versions
        return True

    async def check(self) -> None:
        """Assert: every acknowledged event once, in order, under dense numbers; nothing else."""
        assert sum(map(len, self.acked.values())) > 10 * TENANTS
        # Other tests use the same topics at the same time, with tenants of their own.
        tenants = list(self.acked)
        rows = await self.bus.consumer.fetch(
            "SELECT tenant_id, sequence, event_id FROM effects "
            "WHERE version IS NULL AND tenant_id = ANY ($1) ORDER BY position",
            tenants,
        )
        for tenant_id, events in self.acked.items():
            mine = [row for row in rows if row["tenant_id"] == tenant_id]
            assert [row["event_id"] for row in mine] == events
            assert [row["sequence"] for row in mine] == list(range(1, len(events) + 1))
        assert len(rows) == sum(map(len, self.acked.values()))
        assert await self._states() == self.versions
        rising = await self.bus.consumer.fetchval(
            "SELECT count(*) FROM (SELECT version <= lag(version) OVER "
            "(PARTITION BY tenant_id, subject ORDER BY position) AS stale FROM effects "
            "WHERE version IS NOT NULL) AS steps WHERE stale"
        )
        assert rising == 0, "a stale state reached the handler"
        parked = "SELECT count(*) FROM parked_events WHERE tenant_id = ANY ($1)"
        assert await self.bus.consumer.fetchval(parked, tenants) == 0
        assert await self.bus.producer.fetchval("SELECT count(*) FROM outbox_blocked") == 0

    async def _states(self) -> dict[tuple[UUID, UUID], int]:
        rows = await self.bus.consumer.fetch(
            "SELECT tenant_id, subject, version FROM inbox_versions "
            "WHERE NOT deleted AND tenant_id = ANY ($1)",
            list(self.acked),
        )
        return {(row["tenant_id"], UUID(row["subject"])): row["version"] for row in rows}
