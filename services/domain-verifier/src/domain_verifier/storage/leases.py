"""Leases by the database's clock: who may check a claim, until when, and who has to wait."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

import asyncpg

from chassis.database import read_queries
from chassis.ids import uuid7
from domain_verifier.storage.rows import claim_of
from domain_verifier.usecases.ports import Busy, Lease, LeaseRequest

QUERIES = read_queries("domain_verifier.storage", "claims")
MINUTE = timedelta(minutes=1)


async def lease_due(
    pool: asyncpg.Pool, now: datetime, *, limit: int, duration: timedelta
) -> Sequence[Lease]:
    """Lease due claims, the longest due first."""
    lease_id = uuid7()
    query = QUERIES["lease_due_claims"](lease_id=lease_id, now=now, limit=limit, duration=duration)
    leases = [Lease(claim_of(row), lease_id, row["revision"]) for row in await pool.fetch(*query)]
    return sorted(leases, key=lambda lease: lease.claim.next_check_at or now)


async def lease_on_request(
    pool: asyncpg.Pool, request: LeaseRequest, *, duration: timedelta
) -> Lease | Busy:
    """Lease one live claim because a person requested a check."""
    lease_id = uuid7()
    row = await pool.fetchrow(
        *QUERIES["lease_claim"](
            tenant_id=request.tenant_id,
            claim_id=request.claim_id,
            lease_id=lease_id,
            duration=duration,
            now=request.now,
            last_request_before=request.now - request.pause,
            requests_since=request.now - MINUTE,
            max_requests=request.per_minute,
        )
    )
    if row is not None:
        return Lease(claim_of(row), lease_id, row["revision"])
    return Busy(await _seconds_to_wait(pool, request))


async def _seconds_to_wait(pool: asyncpg.Pool, request: LeaseRequest) -> int:
    query = QUERIES["measure_wait"](
        tenant_id=request.tenant_id, claim_id=request.claim_id, now=request.now
    )
    row = await pool.fetchrow(*query)
    waits = [0.0]
    if row is not None and row["lease_ends_in"] is not None:
        waits.append(row["lease_ends_in"])
    if row is not None and row["requested_in"] is not None:
        waits.append(request.pause.total_seconds() + row["requested_in"])
    return ceil(max(waits) or MINUTE.total_seconds())
