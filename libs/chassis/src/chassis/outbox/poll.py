"""How many events wait in the outbox, and for how long, as gauges."""

import asyncpg
from prometheus_client import Gauge

from chassis.database import read_queries
from chassis.observe import Poll

OUTBOX_PENDING = Gauge("outbox_pending", "Events in the outbox that Kafka has not acknowledged")
RELAY_LAG_SECONDS = Gauge("relay_lag_seconds", "Age of the oldest event that is not sent yet")


def outbox_poll(pool: asyncpg.Pool) -> Poll:
    """Return the poll of `outbox_pending` and `relay_lag_seconds`."""
    query = read_queries("chassis.bus", "bus")["read_outbox"]()

    async def read() -> None:
        [(pending, lag_seconds)] = await pool.fetch(*query)
        OUTBOX_PENDING.set(pending)
        RELAY_LAG_SECONDS.set(lag_seconds)

    return Poll("outbox", read)
