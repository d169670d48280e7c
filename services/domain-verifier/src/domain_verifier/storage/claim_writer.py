"""What is written with every change of a claim: its log, its events, notices to others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from chassis.database import load_queries
from chassis.outbox import OutboxRecord, enqueue
from domain_verifier.domain.changes import Change
from domain_verifier.domain.claim import HOLDING, Claim, Transition
from domain_verifier.storage.claim_log import log_subdomain_verified, write_log
from domain_verifier.storage.rows import mutable_values
from domain_verifier.usecases.ports import DomainHeldError

QUERIES = load_queries("domain_verifier.storage", "claims")

Outgoing = Callable[[Claim, Sequence[Change], datetime], Sequence[OutboxRecord]]
"""Turns changes into events."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes in the caller's transaction."""

    outgoing: Outgoing

    async def save(
        self,
        connection: asyncpg.Connection,
        before: Claim,
        transition: Transition,
        *,
        now: datetime,
    ) -> None:
        """Save a decided step in the caller's transaction."""
        claim = transition.claim
        values = mutable_values(claim)
        try:
            await connection.execute(
                QUERIES["save_claim"], claim.tenant_id, claim.claim_id, *values
            )
        except asyncpg.UniqueViolationError as error:
            raise DomainHeldError(claim.domain.ascii) from error
        await self.record(connection, transition, now)
        await self.notify_affected(connection, before, claim, now)

    async def record(
        self, connection: asyncpg.Connection, transition: Transition, now: datetime
    ) -> None:
        """Log and publish what happened."""
        await write_log(connection, transition, now)
        await enqueue(connection, self.outgoing(transition.claim, transition.changes, now))

    async def notify_affected(
        self, connection: asyncpg.Connection, before: Claim, after: Claim, now: datetime
    ) -> None:
        """Schedule proved claims to a domain that became free; log to holders of names above."""
        if before.state in HOLDING and after.state not in HOLDING:
            await connection.execute(
                QUERIES["wake_reviews"], after.domain.ascii, after.tenant_id, now
            )
        if before.state not in HOLDING and after.state in HOLDING:
            above = await connection.fetch(
                QUERIES["find_holders_above"], after.domain.parents, after.tenant_id
            )
            for row in above:
                await log_subdomain_verified(
                    connection, row["tenant_id"], row["claim_id"], after.domain.ascii, now
                )
