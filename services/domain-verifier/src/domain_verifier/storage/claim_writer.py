"""What goes with every change of a claim: its log, its events, and who else has to know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from chassis.database import load_queries
from chassis.outbox import OutboxRecord, enqueue
from domain_verifier.domain.changes import Change
from domain_verifier.domain.claim import HOLDING, Claim, Step
from domain_verifier.storage.claim_log import write_log, write_notice
from domain_verifier.storage.rows import mutable_values
from domain_verifier.usecases.ports import DomainHeldError

QUERIES = load_queries("domain_verifier.storage", "claims")

Outgoing = Callable[[Claim, Sequence[Change], datetime], Sequence[OutboxRecord]]
"""Puts changes in the words of the bus."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes in the caller's transaction."""

    outgoing: Outgoing

    async def save(
        self, connection: asyncpg.Connection, before: Claim, step: Step, *, now: datetime
    ) -> None:
        """Save a decided step in the caller's transaction."""
        claim = step.claim
        values = mutable_values(claim)
        try:
            await connection.execute(
                QUERIES["save_claim"], claim.tenant_id, claim.claim_id, *values
            )
        except asyncpg.UniqueViolationError as error:
            raise DomainHeldError(claim.domain.ascii) from error
        await self.tell(connection, step, now)
        await self.pass_on(connection, before, claim, now)

    async def tell(self, connection: asyncpg.Connection, step: Step, now: datetime) -> None:
        """Log and publish what happened."""
        await write_log(connection, step, now)
        await enqueue(connection, self.outgoing(step.claim, step.changes, now))

    async def pass_on(
        self, connection: asyncpg.Connection, before: Claim, after: Claim, now: datetime
    ) -> None:
        """Wake who has proved a domain that became free; tell who holds a name above."""
        if before.state in HOLDING and after.state not in HOLDING:
            await connection.execute(
                QUERIES["wake_reviews"], after.domain.ascii, after.tenant_id, now
            )
        if before.state not in HOLDING and after.state in HOLDING:
            above = await connection.fetch(
                QUERIES["find_holders_above"], after.domain.parents, after.tenant_id
            )
            for row in above:
                await write_notice(
                    connection, row["tenant_id"], row["claim_id"], after.domain.ascii, now
                )
