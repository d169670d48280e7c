"""Claims in PostgreSQL.

The index `claims_one_holder` alone decides who holds a domain; everything else is courtesy. Events
and log rows are written in the transaction that saves the claim.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import cast
from uuid import UUID

import asyncpg

from chassis.clock import Clock
from chassis.database import load_queries, transaction
from domain_verifier.domain.claim import Claim, Transition, release
from domain_verifier.domain.entitlement import refuse_unentitled
from domain_verifier.storage.check_results import save_check
from domain_verifier.storage.claim_log import log_record
from domain_verifier.storage.claim_writer import Outgoing, Writer
from domain_verifier.storage.leases import LeaseRequest, lease_due, lease_on_request
from domain_verifier.storage.rows import attention_item, check_of, claim_of
from domain_verifier.storage.tenants import find_tenant, forget_tenant
from domain_verifier.usecases.ports import (
    AttentionItem,
    Busy,
    CheckRecord,
    CheckResult,
    Lease,
    LogRecord,
    Quota,
    SaveOutcome,
)
from kernel.errors import ConflictError, TooManyRequestsError

QUERIES = load_queries("domain_verifier.storage", "claims")
PREPARED_QUERIES = tuple(QUERIES[name] for name in ("lease_due_claims", "settle_check"))
"""Prepared on every connection before readiness."""

LEASE = timedelta(seconds=60)
"""Longer than any check can take; what a killed replica held is due again after it."""

DIRECTORY = "tenant-directory"
"""The actor of releases that follow a tenant's end."""


class PostgresClaims:
    """The claims."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        outgoing: Outgoing,
        committed: Callable[[], None],
        clock: Clock,
        lease: timedelta = LEASE,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._writer = Writer(outgoing)
        self._committed = committed
        self._lease = lease

    async def start(self, transition: Transition, *, quota: Quota, now: datetime) -> Claim:
        """Save a new claim, or return the tenant's live claim to the same domain."""
        claim = transition.claim
        async with transaction(self._pool) as connection:
            # One new claim at a time per tenant, and none while it is deleted: two of one domain
            # meet here, no quota is overrun, nothing outlives its tenant.
            await connection.fetchval(QUERIES["lock_domain"], str(claim.tenant_id))
            tenant = await find_tenant(connection, claim.tenant_id)
            refuse_unentitled(tenant)
            living = await self._live(connection, claim)
            if living is not None:
                return living
            await self._refuse_over_quota(connection, claim.tenant_id, quota, now)
            inserted = await connection.fetchval(
                QUERIES["insert_claim"],
                claim.tenant_id,
                claim.claim_id,
                claim.domain.ascii,
                claim.domain.registrable,
                claim.token,
                claim.state.value,
                claim.created_at,
                claim.expires_at,
                claim.next_check_at,
            )
            if inserted is None:
                raise ConflictError("claim_changed", "The claim has just changed. Try again.")
            await self._writer.record(connection, transition, now)
        self._committed()
        return claim

    async def _live(self, connection: asyncpg.Connection, claim: Claim) -> Claim | None:
        row = await connection.fetchrow(
            QUERIES["find_newest_claim"], claim.tenant_id, claim.domain.ascii
        )
        found = claim_of(row) if row else None
        return found if found is not None and found.ended_at is None else None

    async def _refuse_over_quota(
        self, connection: asyncpg.Connection, tenant_id: UUID, quota: Quota, now: datetime
    ) -> None:
        hour = timedelta(hours=1)
        [row] = await connection.fetch(QUERIES["count_claims"], tenant_id, now - hour)
        if row["live"] >= quota.live:
            raise TooManyRequestsError(
                "too_many_claims",
                f"The tenant has {row['live']} claims, and may have {quota.live}. Release one.",
                retry_after=3600,
            )
        if row["recent"] >= quota.per_hour:
            wait = row["oldest_recent"] + hour - now
            raise TooManyRequestsError(
                "claims_too_fast",
                f"The tenant has started {row['recent']} claims within an hour. Try again later.",
                retry_after=max(1, ceil(wait.total_seconds())),
            )

    async def find(self, tenant_id: UUID, claim_id: UUID) -> Claim | None:
        """Return a claim of the tenant."""
        row = await self._pool.fetchrow(QUERIES["find_claim"], tenant_id, claim_id)
        return claim_of(row) if row else None

    async def newest(self, tenant_id: UUID, domain: str) -> Claim | None:
        """Return the tenant's live claim to a domain, or else its newest ended one."""
        row = await self._pool.fetchrow(QUERIES["find_newest_claim"], tenant_id, domain)
        return claim_of(row) if row else None

    async def page(
        self, tenant_id: UUID, *, after: UUID | None, limit: int, live: bool = False
    ) -> Sequence[Claim]:
        """Return up to `limit` claims whose ids come after `after`, oldest first."""
        rows = await self._pool.fetch(QUERIES["list_claims"], tenant_id, after, limit, live)
        return [claim_of(row) for row in rows]

    async def lease_due(self, now: datetime, *, limit: int) -> Sequence[Lease]:
        """Lease due claims, the longest due first."""
        return await lease_due(self._pool, now, limit=limit, lasts=self._lease)

    async def lease(
        self, tenant_id: UUID, claim_id: UUID, *, now: datetime, pause: timedelta, per_minute: int
    ) -> Lease | Busy:
        """Lease one live claim because a person requested a check."""
        wish = LeaseRequest(tenant_id, claim_id, now=now, pause=pause, per_minute=per_minute)
        return await lease_on_request(self._pool, wish, lasts=self._lease)

    async def save_check(self, result: CheckResult) -> SaveOutcome:
        """Save a check's result and give the lease back."""
        save_outcome = await save_check(self._pool, self._writer, result)
        if save_outcome is not SaveOutcome.DROPPED and result.transition.changes:
            self._committed()
        return save_outcome

    async def change(
        self,
        tenant_id: UUID,
        claim_id: UUID,
        decide: Callable[[Claim], Transition],
        *,
        now: datetime,
    ) -> Claim | None:
        """Lock a claim, decide, save; the result of a check under way is dropped."""
        found = await self.find(tenant_id, claim_id)
        if found is None:
            return None
        async with transaction(self._pool) as connection:
            # Always the domain before the row: the order in which checks take them.
            await connection.fetchval(QUERIES["lock_domain"], found.domain.ascii)
            row = await connection.fetchrow(QUERIES["lock_claim"], tenant_id, claim_id)
            before = claim_of(cast("asyncpg.Record", row))
            transition = decide(before)
            await self._writer.save(connection, before, transition, now=now)
        self._committed()
        return transition.claim

    async def release_all(self, connection: asyncpg.Connection, tenant_id: UUID) -> None:
        """Release what a deleted tenant held, in the consumer's transaction."""
        now = self._clock.now()
        for claim in await forget_tenant(connection, tenant_id):
            transition = release(claim, now=now, actor=DIRECTORY, reason="tenant_deleted")
            await self._writer.save(connection, claim, transition, now=now)
        self._committed()

    async def checks(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[CheckRecord]:
        """Return the claim's checks, newest first."""
        rows = await self._pool.fetch(QUERIES["list_checks"], tenant_id, claim_id, limit)
        return [check_of(row) for row in rows]

    async def log(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[LogRecord]:
        """Return what happened to the claim, newest first."""
        rows = await self._pool.fetch(QUERIES["list_log"], tenant_id, claim_id, limit)
        return [log_record(row) for row in rows]

    async def needing_attention(
        self, *, unseen_before: datetime, limit: int
    ) -> Sequence[AttentionItem]:
        """Return all tenants' claims that people should look at."""
        rows = await self._pool.fetch(QUERIES["list_concerns"], unseen_before, limit)
        return [attention_item(row) for row in rows]

    async def live_claims_to(self, domain: str) -> Sequence[AttentionItem]:
        """Return all tenants' live claims to a domain, its holder first."""
        rows = await self._pool.fetch(QUERIES["list_claims_to"], domain)
        return [attention_item(row) for row in rows]
