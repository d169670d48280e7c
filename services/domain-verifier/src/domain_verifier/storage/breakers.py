"""The breaker in PostgreSQL: one row that all replicas share."""

from collections.abc import Callable
from datetime import datetime

import asyncpg

from chassis.clock import Clock
from chassis.postgres import transaction
from chassis.queries import load_queries
from domain_verifier.domain.breaker import Breaker, Count

QUERIES = load_queries("domain_verifier.storage", "breakers")


class PostgresBreakers:
    """The one breaker."""

    def __init__(self, pool: asyncpg.Pool, *, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def current(self) -> Breaker:
        """Return the breaker."""
        row = await self._pool.fetchrow(QUERIES["find_breaker"])
        return Breaker(**row) if row else Breaker()

    async def change(
        self, decide: Callable[[Breaker, Count], Breaker], *, since: Callable[[Breaker], datetime]
    ) -> Breaker:
        """Lock the breaker, count the suspects since a time, decide, save."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["lock_breaker"])
            before = Breaker(**row) if row else Breaker()
            counted = await connection.fetchrow(
                QUERIES["count_held"], since(before), self._clock.now()
            )
            after = decide(before, Count(**counted) if counted else Count(0, 0))
            if after != before:
                await connection.execute(
                    QUERIES["save_breaker"], after.opened_at, after.accepted_at
                )
        return after
