"""Claims in PostgreSQL.

The index `claims_one_holder` alone decides who holds a domain. Events and log rows are written in
the transaction that saves the claim. The domain is always locked before the row of a claim.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from chassis.database import read_queries, transaction
from chassis.loops import beat
from chassis.projection import KnownTenants
from domain_verifier.domain.claim import Claim, Transition
from domain_verifier.domain.quota import Usage
from domain_verifier.domain.start import StartConditions
from domain_verifier.storage.check_writer import save_check
from domain_verifier.storage.claim_log import log_record
from domain_verifier.storage.claim_writer import Outgoing, Writer
from domain_verifier.storage.leases import lease_due, lease_on_request
from domain_verifier.storage.rows import attention_item, check_of, claim_of
from domain_verifier.usecases.ports import (
    AttentionItem,
    Busy,
    CheckRecord,
    ClaimExistsError,
    Lease,
    LeaseRequest,
    LogRecord,
    SaveOutcome,
    UnsavedCheck,
)

QUERIES = read_queries("domain_verifier.storage", "claims")
PRUNED_AT_ONCE = 1_000

LEASE = timedelta(seconds=60)
"""Longer than any check can take; what a killed replica held is due again after it."""


class PostgresClaims:
    """The claims."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        outgoing: Outgoing,
        committed: Callable[[], None],
        lease: timedelta = LEASE,
    ) -> None:
        self._pool = pool
        self._writer = Writer(outgoing)
        self._committed = committed
        self._lease = lease

    async def start(
        self,
        tenant_id: UUID,
        domain: str,
        decide: Callable[[StartConditions], Transition],
        *,
        recent_since: datetime,
        now: datetime,
    ) -> Claim:
        """Lock the tenant's claims, decide, save the new claim if there is one."""
        async with transaction(self._pool) as connection:
            # One new claim at a time per tenant, and none while it is deleted: two of one domain
            # meet here, no quota is overrun, nothing outlives its tenant.
            await connection.execute(*QUERIES["lock_tenant"](tenant_id=tenant_id))
            conditions = await _conditions(connection, tenant_id, domain, recent_since)
            transition = decide(conditions)
            if not transition.changes:
                return transition.claim
            await _insert(connection, transition.claim)
            await self._writer.record(connection, transition, now)
        self._committed()
        return transition.claim

    async def find(self, tenant_id: UUID, claim_id: UUID) -> Claim | None:
        """Return a claim of the tenant."""
        query = QUERIES["find_claim"](tenant_id=tenant_id, claim_id=claim_id)
        row = await self._pool.fetchrow(*query)
        return claim_of(row) if row else None

    async def newest(self, tenant_id: UUID, domain: str) -> Claim | None:
        """Return the tenant's live claim to a domain, or else its newest ended one."""
        return await _newest(self._pool, tenant_id, domain)

    async def page(
        self, tenant_id: UUID, *, after: UUID | None, limit: int, live: bool = False
    ) -> Sequence[Claim]:
        """Return up to `limit` claims whose ids come after `after`, oldest first."""
        query = QUERIES["list_claims"](
            tenant_id=tenant_id, after=after, limit=limit, live_only=live
        )
        return [claim_of(row) for row in await self._pool.fetch(*query)]

    async def lease_due(self, now: datetime, *, limit: int) -> Sequence[Lease]:
        """Lease due claims, the longest due first."""
        return await lease_due(self._pool, now, limit=limit, duration=self._lease)

    async def lease(self, request: LeaseRequest) -> Lease | Busy:
        """Lease one live claim because a person requested a check."""
        return await lease_on_request(self._pool, request, duration=self._lease)

    async def save_check(self, result: UnsavedCheck) -> SaveOutcome:
        """Save a check's result and give the lease back."""
        outcome = await save_check(self._pool, self._writer, result)
        if outcome is not SaveOutcome.DROPPED and result.transition.changes:
            self._committed()
        return outcome

    async def change(
        self,
        tenant_id: UUID,
        claim_id: UUID,
        decide: Callable[[Claim], Transition],
        *,
        now: datetime,
    ) -> Claim | None:
        """Lock a claim, decide, save; the result of a check under way is dropped."""
        unlocked = await self.find(tenant_id, claim_id)
        if unlocked is None:
            return None
        async with transaction(self._pool) as connection:
            await connection.execute(*QUERIES["lock_domain"](domain=unlocked.domain.ascii))
            query = QUERIES["lock_claim"](tenant_id=tenant_id, claim_id=claim_id)
            # Claims are never deleted, so this one is still there.
            [row] = await connection.fetch(*query)
            transition = decide(claim_of(row))
            await self._writer.save(connection, transition, now=now)
        self._committed()
        return transition.claim

    async def checks(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[CheckRecord]:
        """Return the claim's checks, newest first."""
        query = QUERIES["list_checks"](tenant_id=tenant_id, claim_id=claim_id, limit=limit)
        return [check_of(row) for row in await self._pool.fetch(*query)]

    async def log(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[LogRecord]:
        """Return what happened to the claim, newest first."""
        query = QUERIES["list_log"](tenant_id=tenant_id, claim_id=claim_id, limit=limit)
        return [log_record(row) for row in await self._pool.fetch(*query)]

    async def prune_checks(self, before: datetime) -> int:
        """Delete the checks from before a moment, a batch at a time, and return how many."""
        pruned = 0
        while True:
            query = QUERIES["delete_old_checks"](before=before, limit=PRUNED_AT_ONCE)
            tag = await self._pool.execute(*query)
            beat()
            deleted = int(tag.rpartition(" ")[2])
            pruned += deleted
            if deleted < PRUNED_AT_ONCE:
                return pruned

    async def needing_attention(
        self, *, unseen_before: datetime, limit: int
    ) -> Sequence[AttentionItem]:
        """Return all tenants' claims that people should decide on."""
        query = QUERIES["list_attention"](unseen_before=unseen_before, limit=limit)
        return [attention_item(row) for row in await self._pool.fetch(*query)]

    async def live_claims_to(self, domain: str) -> Sequence[AttentionItem]:
        """Return all tenants' live claims to a domain, its holder first."""
        rows = await self._pool.fetch(*QUERIES["list_claims_to"](domain=domain))
        return [attention_item(row) for row in rows]


class PostgresLiveClaims:
    """The claims inside a transaction that the caller commits."""

    def __init__(self, connection: asyncpg.Connection, *, outgoing: Outgoing) -> None:
        self._connection = connection
        self._writer = Writer(outgoing)

    async def change_live(
        self, tenant_id: UUID, decide: Callable[[Claim], Transition], *, now: datetime
    ) -> None:
        """Lock a tenant's live claims, decide on each, save; no new one is started meanwhile."""
        connection = self._connection
        # The lock of new claims: one that was begun before is found below, later ones wait.
        await connection.execute(*QUERIES["lock_tenant"](tenant_id=tenant_id))
        for row in await connection.fetch(*QUERIES["list_live_domains"](tenant_id=tenant_id)):
            await connection.execute(*QUERIES["lock_domain"](domain=row["domain"]))
        for row in await connection.fetch(*QUERIES["lock_live_claims"](tenant_id=tenant_id)):
            await self._writer.save(connection, decide(claim_of(row)), now=now)


async def _conditions(
    connection: asyncpg.Connection, tenant_id: UUID, domain: str, recent_since: datetime
) -> StartConditions:
    newest = await _newest(connection, tenant_id, domain)
    query = QUERIES["count_claims"](tenant_id=tenant_id, since=recent_since)
    [usage] = await connection.fetch(*query)
    return StartConditions(
        tenant=await KnownTenants(connection).find(tenant_id),
        live_claim=newest if newest is not None and newest.is_live else None,
        usage=Usage(**usage),
    )


async def _newest(
    database: asyncpg.Pool | asyncpg.Connection, tenant_id: UUID, domain: str
) -> Claim | None:
    query = QUERIES["find_newest_claim"](tenant_id=tenant_id, domain=domain)
    row = await database.fetchrow(*query)
    return claim_of(row) if row else None


async def _insert(connection: asyncpg.Connection, claim: Claim) -> None:
    inserted = await connection.fetchval(
        *QUERIES["insert_claim"](
            tenant_id=claim.tenant_id,
            claim_id=claim.claim_id,
            domain=claim.domain.ascii,
            registrable=claim.domain.registrable,
            token=claim.token,
            state=claim.state.value,
            created_at=claim.created_at,
            expires_at=claim.expires_at,
            next_check_at=claim.next_check_at,
        )
    )
    if inserted is None:
        raise ClaimExistsError
