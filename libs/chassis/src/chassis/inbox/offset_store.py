"""The inbox: who owns a partition, how far it is, and what each tenant has applied of it.

Everything is written in the transaction of the effect. The first statement of each transaction
moves the offset and checks the owner's epoch; it locks the offset's row, so that of two owners one
always fails.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from chassis.bus import Partition
from chassis.database import load_queries
from chassis.inbox.errors import Fenced

Key = tuple[UUID, str]
"""A record key on a state topic: tenant and subject."""


@dataclass(frozen=True, slots=True)
class AppliedState:
    """What the asked tenants have had applied so far."""

    last_sequences: dict[UUID, int]
    """Last applied sequence; 0 before the first."""
    with_parked: set[UUID]
    """Tenants that have parked events (dead letters)."""


class Inbox:
    """One group's progress in one partition, while this process owns it."""

    def __init__(self, group: str, partition: Partition, owner: str) -> None:
        """Prepare; `claim` makes it the owner."""
        self.group = group
        self.topic, self.partition = partition
        self._owner = owner
        self._epoch = -1
        self._queries = load_queries("chassis.inbox", "inbox")

    async def claim(self, connection: asyncpg.Connection) -> int:
        """Become the owner, fence the one before, and return the offset to read from."""
        row = await connection.fetchrow(
            self._queries["claim_partition"], self.group, self.topic, self.partition, self._owner
        )
        assert row is not None  # noqa: S101 - INSERT ... RETURNING
        self._epoch = row["epoch"]
        return int(row["next_offset"])

    async def advance(
        self,
        connection: asyncpg.Connection,
        next_offset: int | None,
        tenants: Collection[UUID],
    ) -> AppliedState:
        """Move the offset (None leaves it) and return the tenants' state, or raise Fenced."""
        row = await connection.fetchrow(
            self._queries["advance_partition"],
            self.group,
            self.topic,
            self.partition,
            self._epoch,
            next_offset,
            tenants,
        )
        assert row is not None  # noqa: S101 - an aggregate
        if not row["held"]:
            raise Fenced(f"{self.topic}/{self.partition} has another owner")
        tenant_ids = row["tenants"] or ()
        last_sequences = dict(zip(tenant_ids, row["lasts"] or (), strict=True))
        has_parked = zip(tenant_ids, row["has_parked"] or (), strict=True)
        return AppliedState(last_sequences, {tenant_id for tenant_id, has in has_parked if has})

    async def save_sequences(
        self, connection: asyncpg.Connection, lasts: Mapping[UUID, int]
    ) -> None:
        """Note the last applied sequence of tenants."""
        await connection.execute(
            self._queries["save_sequences"],
            self.group,
            self.topic,
            list(lasts),
            list(lasts.values()),
        )

    async def read_versions(
        self, connection: asyncpg.Connection, keys: Collection[Key]
    ) -> dict[Key, int]:
        """Return the applied version of each key that has one."""
        rows = await connection.fetch(
            self._queries["read_versions"],
            self.group,
            self.topic,
            [tenant_id for tenant_id, _ in keys],
            [subject for _, subject in keys],
        )
        return {(row["tenant_id"], row["subject"]): row["version"] for row in rows}

    async def save_versions(
        self, connection: asyncpg.Connection, applied: Mapping[Key, tuple[int, bool]]
    ) -> None:
        """Note the applied version of each key, and whether that deleted it."""
        await connection.execute(
            self._queries["save_versions"],
            self.group,
            self.topic,
            [tenant_id for tenant_id, _ in applied],
            [subject for _, subject in applied],
            [version for version, _ in applied.values()],
            [deleted for _, deleted in applied.values()],
        )
