"""Leases by the database's clock: who may check a claim, until when, and who has to wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import asyncpg

from chassis.database import load_queries
from chassis.ids import uuid7
from domain_verifier.storage.rows import claim_of
from domain_verifier.usecases.ports import Busy, Lease

QUERIES = load_queries("domain_verifier.storage", "claims")


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A person requests a check of a claim."""

    tenant_id: UUID
    claim_id: UUID
    now: datetime
    pause: timedelta
    """Since the last request for this claim."""
    per_minute: int
    """Checks of the tenant's claims that people may request."""


async def lease_due(
    pool: asyncpg.Pool, now: datetime, *, limit: int, lasts: timedelta
) -> Sequence[Lease]:
    """Lease due claims, the longest due first."""
    lease_id = uuid7()
    rows = await pool.fetch(QUERIES["lease_due_claims"], now, limit, lease_id, lasts)
    leases = [Lease(claim_of(row), lease_id, row["revision"]) for row in rows]
    return sorted(leases, key=lambda lease: lease.claim.next_check_at or now)


async def lease_on_request(
    pool: asyncpg.Pool, request: LeaseRequest, *, lasts: timedelta
) -> Lease | Busy:
    """Lease one live claim because a person requested a check."""
    lease_id, minute = uuid7(), timedelta(minutes=1)
    row = await pool.fetchrow(
        QUERIES["lease_claim"],
        request.tenant_id,
        request.claim_id,
        lease_id,
        lasts,
        request.now - request.pause,
        request.now,
        request.now - minute,
        request.per_minute,
    )
    if row is not None:
        return Lease(claim_of(row), lease_id, row["revision"])
    waits = await pool.fetchrow(
        QUERIES["measure_wait"], request.tenant_id, request.claim_id, request.now
    )
    until: list[float] = [0.0]
    if waits is not None and waits["leased"] is not None:
        until.append(waits["leased"])
    if waits is not None and waits["asked"] is not None:
        until.append(request.pause.total_seconds() + waits["asked"])
    return Busy(ceil(max(until) or minute.total_seconds()))
