"""What is written with every change of a claim: its log, its events, notices to others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from chassis.database import read_queries
from chassis.outbox import OutboxRecord, enqueue
from domain_verifier.domain.changes import Change
from domain_verifier.domain.claim import Claim, Transition
from domain_verifier.storage.claim_log import log_subdomain_verified, write_log
from domain_verifier.storage.rows import changing_values
from domain_verifier.usecases.ports import DomainHeldError

QUERIES = read_queries("domain_verifier.storage", "claims")

Outgoing = Callable[[Claim, Sequence[Change], datetime], Sequence[OutboxRecord]]
"""Turns changes into events."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes in the caller's transaction."""

    outgoing: Outgoing

    async def save(
        self, connection: asyncpg.Connection, transition: Transition, *, now: datetime
    ) -> None:
        """Save a claim that was changed by hand, with all that goes with it."""
        claim = transition.claim
        query = QUERIES["save_claim"](
            tenant_id=claim.tenant_id, claim_id=claim.claim_id, **changing_values(claim)
        )
        try:
            await connection.execute(*query)
        except asyncpg.UniqueViolationError as error:
            raise DomainHeldError from error
        await self.record(connection, transition, now)

    async def record(
        self, connection: asyncpg.Connection, transition: Transition, now: datetime
    ) -> None:
        """Log and publish what happened; schedule and notify other claims that it concerns."""
        claim = transition.claim
        await write_log(connection, transition, now)
        await enqueue(connection, self.outgoing(claim, transition.changes, now))
        if transition.frees_domain:
            await connection.execute(
                *QUERIES["schedule_review_checks"](
                    domain=claim.domain.ascii, tenant_id=claim.tenant_id, now=now
                )
            )
        if transition.takes_domain:
            await _notify_holders_above(connection, claim, now)


async def _notify_holders_above(
    connection: asyncpg.Connection, claim: Claim, now: datetime
) -> None:
    query = QUERIES["find_holders_above"](domains=claim.domain.parents, tenant_id=claim.tenant_id)
    for row in await connection.fetch(*query):
        await log_subdomain_verified(
            connection, row["tenant_id"], row["claim_id"], claim.domain.ascii, now
        )
