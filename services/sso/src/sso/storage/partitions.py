"""Partitions of what sign-ins leave, in PostgreSQL: made ahead, dropped when all of it is over.

A function of the tables' owner does it: the serving role owns no table, and cannot have more
dropped than that function allows.
"""

from dataclasses import dataclass

import asyncpg
import structlog

from chassis.database import read_queries

QUERIES = read_queries("sso.storage", "partitions")
TIMEOUT = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PostgresPartitions:
    """The days of logins, codes and replays, and the months of the sign-in log."""

    pool: asyncpg.Pool

    async def keep(self, log_days: int) -> int:
        """Make what comes, drop what is over; return how many were dropped."""
        query = QUERIES["keep_partitions"](log_days=log_days)
        changed = await self.pool.fetch(*query, timeout=TIMEOUT)
        for row in changed:
            log.info("partition.kept", partition=row["partition"], what=row["what"])
        return sum(row["what"] == "dropped" for row in changed)
