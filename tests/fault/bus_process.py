"""A relay or a consumer as a process of its own, for a test to kill or to stop."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from chassis.bus import KafkaReceiver
from chassis.database import create_pool
from chassis.inbox import Consumer, Handlers, Subscription
from chassis.inbox.parking import ParkingLimit
from chassis.outbox import Relay
from contracts.event import Event
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS
from support.bus import record_effect, record_effects

SESSION_MS = 6_000
SILENCE = 2.0
POISON = "poison"
"""The name of a user whose events fail."""


async def record_or_fail(event: Event, connection: asyncpg.Connection) -> None:
    """Write the event into `effects`, unless it is poison."""
    if getattr(event.data, "user_name", None) == POISON:
        raise RuntimeError(POISON)
    await record_effect(event, connection)


@asynccontextmanager
async def record_or_fail_all(
    events: Sequence[Event], connection: asyncpg.Connection
) -> AsyncIterator[Handlers]:
    """Do the same with many events."""
    if any(getattr(event.data, "user_name", None) == POISON for event in events):
        raise RuntimeError(POISON)
    async with record_effects(events, connection) as handlers:
        yield handlers


async def relay(dsn: str, bootstrap: str) -> None:
    """Relay with a short patience, so that a stopped one is soon replaced."""
    await Relay(dsn=dsn, bootstrap=bootstrap, source="/services/scim", silence=SILENCE).run()


async def consumer(dsn: str, bootstrap: str, group: str) -> None:
    """Write every event into `effects`, many of them as a batch."""
    pool = await create_pool(dsn, size=6)
    topics = [SCIM_EVENTS, DIRECTORY_USERS]
    names = [topic.name for topic in topics]
    handlers = {"scim.user.deleted.v1": record_or_fail, "directory.user.state.v1": record_effect}
    await Consumer(
        group=group,
        subscriptions=[Subscription(topic, handlers, batch=record_or_fail_all) for topic in topics],
        pool=pool,
        bootstrap=bootstrap,
        receiver=lambda: KafkaReceiver(
            bootstrap, group=group, topics=names, session_timeout_ms=SESSION_MS
        ),
        # Other tests put poison on the same topics.
        limit=ParkingLimit(tenants=1_000),
    ).run()


if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    roles: dict[str, Callable[..., Coroutine[Any, Any, None]]]
    roles = {"relay": relay, "consumer": consumer}
    asyncio.run(roles[role](*arguments))
