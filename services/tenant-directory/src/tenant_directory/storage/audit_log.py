"""The months of the audit log in PostgreSQL: made ahead, dropped when they are too old.

A function of the tables' owner does it: the serving role may only add to the log, and cannot have
more dropped than that function allows.
"""

from dataclasses import dataclass

import asyncpg
import structlog

from chassis.database import read_queries

QUERIES = read_queries("tenant_directory.storage", "audit_log")
TIMEOUT = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PostgresAuditLogMonths:
    """The partitions of the audit log."""

    pool: asyncpg.Pool

    async def keep(self, days: int) -> int:
        """Make what comes, drop what is older than so many days; return how many were dropped."""
        changed = await self.pool.fetch(*QUERIES["keep_audit_log"](days=days), timeout=TIMEOUT)
        for row in changed:
            log.info("audit_log.partition", partition=row["partition"], what=row["what"])
        return sum(row["what"] == "dropped" for row in changed)
