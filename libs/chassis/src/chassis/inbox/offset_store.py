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
from chassis.database import read_queries
from chassis.inbox.errors import Fenced

QUERIES = read_queries("chassis.inbox", "inbox")

Key = tuple[UUID, str]
"""A record key on a state topic: tenant and subject."""

Position = tuple[int, str | None]
"""A sequence and the id of the event that had it, if there was one."""


@dataclass(frozen=True, slots=True)
class AppliedState:
    """What the asked tenants have had applied so far."""

    last_sequences: dict[UUID, int]
    """Last applied sequence; 0 before the first."""
    last_event_ids: dict[UUID, str | None]
    """Id of the event that had it, where that is known."""
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

    async def claim(self, connection: asyncpg.Connection) -> int:
        """Become the owner, fence the one before, and return the offset to read from."""
        row = await connection.fetchrow(
            *QUERIES["claim_partition"](
                group=self.group, topic=self.topic, partition=self.partition, owner=self._owner
            )
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
            *QUERIES["advance_partition"](
                group=self.group,
                topic=self.topic,
                partition=self.partition,
                epoch=self._epoch,
                next_offset=next_offset,
                tenant_ids=tenants,
            )
        )
        assert row is not None  # noqa: S101 - an aggregate
        if not row["held"]:
            raise Fenced(f"{self.topic}/{self.partition} has another owner")
        tenant_ids = row["tenants"] or ()
        last_sequences = dict(zip(tenant_ids, row["lasts"] or (), strict=True))
        last_event_ids = dict(zip(tenant_ids, row["last_event_ids"] or (), strict=True))
        has_parked = zip(tenant_ids, row["has_parked"] or (), strict=True)
        with_parked = {tenant_id for tenant_id, has in has_parked if has}
        return AppliedState(last_sequences, last_event_ids, with_parked)

    async def save_sequences(
        self, connection: asyncpg.Connection, lasts: Mapping[UUID, Position]
    ) -> None:
        """Note the last applied sequence of tenants, and whose it was."""
        await connection.execute(
            *QUERIES["save_sequences"](
                group=self.group,
                topic=self.topic,
                tenant_ids=list(lasts),
                sequences=[sequence for sequence, _ in lasts.values()],
                event_ids=[event_id for _, event_id in lasts.values()],
            )
        )

    async def read_versions(
        self, connection: asyncpg.Connection, keys: Collection[Key]
    ) -> dict[Key, int]:
        """Return the applied version of each key that has one."""
        rows = await connection.fetch(
            *QUERIES["read_versions"](
                group=self.group,
                topic=self.topic,
                tenant_ids=[tenant_id for tenant_id, _ in keys],
                subjects=[subject for _, subject in keys],
            )
        )
        return {(row["tenant_id"], row["subject"]): row["version"] for row in rows}

    async def save_versions(
        self, connection: asyncpg.Connection, applied: Mapping[Key, tuple[int, bool]]
    ) -> None:
        """Note the applied version of each key, and whether that deleted it."""
        await connection.execute(
            *QUERIES["save_versions"](
                group=self.group,
                topic=self.topic,
                tenant_ids=[tenant_id for tenant_id, _ in applied],
                subjects=[subject for _, subject in applied],
                versions=[version for version, _ in applied.values()],
                deletions=[deleted for _, deleted in applied.values()],
            )
        )
