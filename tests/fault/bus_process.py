"""A relay or a consumer as a process of its own, for a test to kill or to stop."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from chassis.bus import KafkaReceiver
from chassis.database import create_pool
from chassis.inbox import Consumer, Subscription
from chassis.inbox.parking import ParkingLimit
from chassis.outbox import Relay
from contracts.topics import DIRECTORY_USERS, SCIM_EVENTS
from support.bus import record_effect, record_effects

SESSION_MS = 6_000
SILENCE = 2.0


async def relay(dsn: str, bootstrap: str) -> None:
    """Relay with a short patience, so that a stopped one is soon replaced."""
    await Relay(dsn=dsn, bootstrap=bootstrap, source="/services/scim", silence=SILENCE).run()


async def consumer(dsn: str, bootstrap: str, group: str) -> None:
    """Write every event into `effects`, many of them as a batch."""
    pool = await create_pool(dsn, size=6)
    topics = [SCIM_EVENTS, DIRECTORY_USERS]
    names = [topic.name for topic in topics]
    handlers = {"scim.user.deleted.v1": record_effect, "directory.user.state.v1": record_effect}
    await Consumer(
        group=group,
        subscriptions=[Subscription(topic, handlers, batch=record_effects) for topic in topics],
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
