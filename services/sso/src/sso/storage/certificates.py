"""Ends of certificates in PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from chassis.database import read_queries, transaction
from chassis.outbox import OutboxRecord, enqueue
from sso.usecases.certificates import DAYS, Expiring

QUERIES = read_queries("sso.storage", "connections")
AT_ONCE = 100

Outgoing = Callable[[Sequence[Expiring], datetime], Sequence[OutboxRecord]]
"""Makes the events."""


@dataclass(frozen=True, slots=True)
class PostgresCertificates:
    """When the certificates of connections end, and what was said of that."""

    pool: asyncpg.Pool
    outgoing: Outgoing
    committed: Callable[[], None]

    async def tell(self, now: datetime) -> Sequence[Expiring]:
        """Say of some what was not said yet, and return them."""
        query = QUERIES["tell_certificates"](
            now=now, latest=_latest(now), thresholds=list(DAYS), limit=AT_ONCE
        )
        async with transaction(self.pool) as database:
            expiring = [
                Expiring(row["tenant_id"], row["id"], row["certificates_end"], row["days"])
                for row in await database.fetch(*query)
            ]
            await enqueue(database, self.outgoing(expiring, now))
        self.committed()
        return expiring


async def count_expiring(pool: asyncpg.Pool) -> Mapping[int, int]:
    """Return how many connections' certificates end within which days."""
    rows = await pool.fetch(*QUERIES["count_certificates_told"]())
    return {row["days"]: row["connections"] for row in rows}


def _latest(now: datetime) -> datetime:
    return now + timedelta(days=max(DAYS))
