"""How many events wait in the outbox, and for how long: for operators, and as gauges."""

from dataclasses import dataclass

import asyncpg
from prometheus_client import Gauge

from chassis.database import read_queries
from chassis.observe import Poll

QUERIES = read_queries("chassis.outbox", "outbox")

OUTBOX_PENDING = Gauge("outbox_pending", "Events in the outbox that Kafka has not acknowledged")
RELAY_LAG_SECONDS = Gauge("relay_lag_seconds", "Age of the oldest event that is not sent yet")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the outbox."""

    pending: int
    """At most 100,000 are counted."""
    lag_seconds: float


async def read_backlog(database: asyncpg.Pool | asyncpg.Connection) -> Backlog:
    """Read how much waits in the outbox, and since when."""
    row = await database.fetchrow(*QUERIES["measure_backlog"]())
    assert row is not None  # noqa: S101 - an aggregate
    return Backlog(row["pending"], row["lag_seconds"])


def outbox_poll(pool: asyncpg.Pool) -> Poll:
    """Return the poll of `outbox_pending` and `relay_lag_seconds`."""

    async def read() -> None:
        backlog = await read_backlog(pool)
        OUTBOX_PENDING.set(backlog.pending)
        RELAY_LAG_SECONDS.set(backlog.lag_seconds)

    return Poll("outbox", read)
