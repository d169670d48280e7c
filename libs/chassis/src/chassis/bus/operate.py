"""What operators see of the bus and do with parked events (dead letters).

An operator's request is left in the parked table; the owner of the partition fulfils it, by the
same code path and inbox as any event, and writes the audit row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import asyncpg

from chassis.database import read_queries

QUERIES = read_queries("chassis.bus", "bus")


Action = Literal["redrive", "redrive-conflicts", "skip"]
"""What can be asked for; a redrive leaves out conflicts, two events under one number, by itself."""


class NothingParked(Exception):
    """No event of this tenant is parked on this topic."""


@dataclass(frozen=True, slots=True)
class BusStatus:
    """The state of a service's side of the bus; rows are plain tables for printing."""

    blocked: list[Mapping[str, Any]]
    """Tenants whose next event cannot be sent: tenant_id, topic, outbox_id, reason, blocked_at."""
    offsets: list[Mapping[str, Any]]
    """consumer_group, topic, partition, next_offset, epoch, owner, claimed_at."""
    parked: list[Mapping[str, Any]]
    """A row for each subject whose events wait, or for all of a tenant that does (subject None):
    tenant_id, consumer_group, topic, subject, sequence, reason, error, attempts, parked_at,
    request, events."""


async def read_bus_status(connection: asyncpg.Connection) -> BusStatus:
    """Read what cannot be sent, the offsets and the parked events."""
    return BusStatus(
        [dict(row) for row in await connection.fetch(*QUERIES["list_blocked"]())],
        [dict(row) for row in await connection.fetch(*QUERIES["list_offsets"]())],
        [dict(row) for row in await connection.fetch(*QUERIES["list_parked"]())],
    )


async def read_history(
    connection: asyncpg.Connection, *, tenant_id: UUID | None, topic: str | None, limit: int
) -> list[Mapping[str, Any]]:
    """Return what operators did with parked events, the newest first, as the audit has it.

    Each row has tenant_id, consumer_group, topic, action, actor, note, detail and happened_at.
    """
    query = QUERIES["list_history"](tenant_id=tenant_id, topic=topic, limit=limit)
    return [dict(row) for row in await connection.fetch(*query)]


async def request_action(
    connection: asyncpg.Connection,
    action: Action,
    *,
    tenant_id: UUID,
    topic: str,
    actor: str,
    note: str,
    sequence: int | None = None,
) -> None:
    """Ask for a tenant's parked events to be tried again, or for one to be given up.

    Without a sequence the first one is given up. A tenant that waits for a missing event has no
    first one: skip then gives up what is missing.

    Raises:
        NothingParked: There is nothing to ask for.
    """
    asked = await connection.fetch(
        *QUERIES["request_action"](
            tenant_id=tenant_id,
            topic=topic,
            action=action,
            actor=actor,
            note=note,
            sequence=sequence,
        )
    )
    if not asked:
        which = "no event" if sequence is None else f"no event with sequence {sequence}"
        raise NothingParked(f"{which} of tenant {tenant_id} is parked on {topic} for a failure")


async def read_failed(
    connection: asyncpg.Connection, *, topic: str | None
) -> list[Mapping[str, Any]]:
    """Return of which tenant_id and topic events have failed, and how many (events).

    Not those that wait behind another one, or that a rule refuses.
    """
    return [dict(row) for row in await connection.fetch(*QUERIES["list_failed"](topic=topic))]


async def request_done(connection: asyncpg.Connection, *, tenant_id: UUID, topic: str) -> bool:
    """Return whether the consumer has dealt with what was asked for."""
    query = QUERIES["request_done"](tenant_id=tenant_id, topic=topic)
    return bool(await connection.fetchval(*query))
