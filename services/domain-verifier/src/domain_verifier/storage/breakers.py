"""The breaker in PostgreSQL: one row that all replicas share, and its log."""

from collections.abc import Callable, Sequence

import asyncpg
import orjson

from chassis.clock import Clock
from chassis.database import read_queries, transaction
from chassis.ids import uuid7
from domain_verifier.domain.breaker import Breaker, Count
from domain_verifier.storage.claim_log import log_record
from domain_verifier.usecases.ports import BY_CHECKS, ChangedBy, LogRecord, SuspectCriteria

QUERIES = read_queries("domain_verifier.storage", "breakers")


class PostgresBreakers:
    """The one breaker."""

    def __init__(self, pool: asyncpg.Pool, *, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def current(self) -> Breaker:
        """Return the breaker."""
        row = await self._pool.fetchrow(*QUERIES["find_breaker"]())
        return Breaker(**row) if row else Breaker()

    async def change(
        self,
        decide: Callable[[Breaker, Count], Breaker],
        *,
        suspect_criteria: SuspectCriteria,
        changed_by: ChangedBy = BY_CHECKS,
    ) -> tuple[Breaker, Breaker]:
        """Lock the breaker, count, decide, save, and log what has changed; return before, after."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(*QUERIES["lock_breaker"]())
            before = Breaker(**row) if row else Breaker()
            [counted] = await connection.fetch(
                *QUERIES["count_held"](
                    absent_since=suspect_criteria.since(before),
                    now=self._clock.now(),
                    tenant_limit=suspect_criteria.tenant_limit,
                )
            )
            count = Count(**counted)
            after = decide(before, count)
            if after != before:
                await self._save(connection, after, count, changed_by)
        return before, after

    async def _save(
        self, connection: asyncpg.Connection, breaker: Breaker, count: Count, changed_by: ChangedBy
    ) -> None:
        await connection.execute(
            *QUERIES["save_breaker"](
                opened_at=breaker.opened_at,
                closed_at=breaker.closed_at,
                accepted_at=breaker.accepted_at,
            )
        )
        details = {"held": count.held, "suspects": count.suspects, "reason": changed_by.reason}
        await connection.execute(
            *QUERIES["add_breaker_log"](
                log_id=uuid7(),
                happened_at=self._clock.now(),
                action="opened" if breaker.is_open else "closed",
                actor=changed_by.actor,
                details=orjson.dumps(details).decode(),
            )
        )

    async def log(self, *, limit: int) -> Sequence[LogRecord]:
        """Return what happened to the breaker, newest first."""
        rows = await self._pool.fetch(*QUERIES["list_breaker_log"](limit=limit))
        return [log_record(row) for row in rows]
