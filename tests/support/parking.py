"""What tests of parked events (dead letters) share: poison, questions, requests of operators."""

from typing import Literal
from uuid import UUID

import asyncpg

from chassis.bus import request_action, request_done
from chassis.outbox import OutboxRecord
from contracts.event import Event
from contracts.topics import SCIM_EVENTS
from support.bus import Bus, record_effect, user_deleted


class Poison:
    """A handler that fails on some users until it is repaired."""

    def __init__(self, error: Exception, *names: str) -> None:
        self.error = error
        self.names = set(names)
        self.tried: list[UUID] = []
        """The tenant of each event that failed."""

    async def __call__(self, event: Event, connection: asyncpg.Connection) -> None:
        await record_effect(event, connection)
        if getattr(event.data, "user_name", "") in self.names:
            self.tried.append(event.tenant_id)
            raise self.error


def events(tenant_id: UUID, *names: str) -> list[OutboxRecord]:
    """Make events, each of a user of its own."""
    return [user_deleted(tenant_id, name) for name in names]


def events_of(tenant_id: UUID, *named: tuple[UUID, str]) -> list[OutboxRecord]:
    """Make events of the given users."""
    return [user_deleted(tenant_id, name, user_id=user_id) for user_id, name in named]


async def ask(
    bus: Bus,
    action: Literal["redrive", "redrive-conflicts", "skip"],
    tenant_id: UUID,
    topic: str = SCIM_EVENTS.name,
    sequence: int | None = None,
) -> None:
    async with bus.consumer.acquire() as connection:
        await request_action(
            connection,  # type: ignore[arg-type]  # a pool's proxy
            action,
            tenant_id=tenant_id,
            topic=topic,
            actor="ops",
            note="ticket 7",
            sequence=sequence,
        )


def waiting(*sequences: int) -> list[tuple[int, str]]:
    return [(sequence, "waiting") for sequence in sequences]


async def is_done(bus: Bus, tenant_id: UUID) -> bool:
    async with bus.consumer.acquire() as connection:
        return await request_done(
            connection,  # type: ignore[arg-type]  # a pool's proxy
            tenant_id=tenant_id,
            topic=SCIM_EVENTS.name,
        )


async def is_parked(bus: Bus, tenant_id: UUID, *expected: tuple[int | None, str]) -> bool:
    assert await bus.parked(tenant_id) == list(expected)
    return True


async def is_applied(bus: Bus, tenant_id: UUID, *expected: int) -> bool:
    assert await bus.effects(tenant_id) == list(expected)
    return True
