"""Claims in PostgreSQL.

The index `claims_one_holder` alone decides who holds a domain; everything else is courtesy. Events
and log rows are written in the transaction that saves the claim.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any, cast
from uuid import UUID

import asyncpg
import orjson

from chassis.clock import Clock
from chassis.ids import uuid7
from chassis.outbox import OutboxRecord, enqueue
from chassis.postgres import transaction
from chassis.queries import load_queries
from domain_verifier.domain.changes import Change
from domain_verifier.domain.claim import HOLDING, Claim, State, Step, release
from domain_verifier.domain.errors import ConflictError, TooManyRequestsError
from domain_verifier.domain.evidence import Outcome, Reason
from domain_verifier.domain.tenant import refuse_unentitled
from domain_verifier.storage.journal import log_record, write_log, write_notice
from domain_verifier.storage.rows import claim_of, looks_of, mutable_values
from domain_verifier.storage.tenants import find_tenant, forget_tenant
from domain_verifier.usecases.ports import (
    Busy,
    CheckRecord,
    Concern,
    DomainHeldError,
    Lease,
    LogRecord,
    Quota,
    Settled,
    Settlement,
)

QUERIES = load_queries("domain_verifier.storage", "claims")
HOT = tuple(QUERIES[name] for name in ("lease_due_claims", "settle_check"))
"""Prepared on every connection before readiness."""

LEASE = timedelta(seconds=60)
"""Longer than any check can take; what a killed replica held is due again after it."""

DIRECTORY = "tenant-directory"
"""The actor of releases that follow a tenant's end."""

Outgoing = Callable[[Claim, Sequence[Change], datetime], Sequence[OutboxRecord]]
"""Puts changes in the words of the bus."""


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
        self._outgoing = outgoing
        self._committed = committed
        self._lease = lease

    async def start(self, step: Step, *, quota: Quota, now: datetime) -> Claim:
        """Save a new claim, or return the tenant's live claim to the same domain."""
        claim = step.claim
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
            await self._tell(connection, step, now)
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
        lease_id = uuid7()
        rows = await self._pool.fetch(
            QUERIES["lease_due_claims"], now, limit, lease_id, self._lease
        )
        leases = [Lease(claim_of(row), lease_id, row["revision"]) for row in rows]
        return sorted(leases, key=lambda lease: lease.claim.next_check_at or now)

    async def lease(
        self, tenant_id: UUID, claim_id: UUID, *, now: datetime, pause: timedelta, per_minute: int
    ) -> Lease | Busy:
        """Lease one live claim at a person's wish."""
        lease_id, minute = uuid7(), timedelta(minutes=1)
        row = await self._pool.fetchrow(
            QUERIES["lease_claim"],
            tenant_id,
            claim_id,
            lease_id,
            self._lease,
            now - pause,
            now,
            now - minute,
            per_minute,
        )
        if row is not None:
            return Lease(claim_of(row), lease_id, row["revision"])
        waits = await self._pool.fetchrow(QUERIES["measure_wait"], tenant_id, claim_id, now)
        leased = (waits and waits["leased"]) or 0.0
        asked = pause.total_seconds() + waits["asked"] if waits and waits["asked"] else 0.0
        longest = max(leased, asked)
        return Busy(ceil(longest if longest > 0 else minute.total_seconds()))

    async def settle(self, settlement: Settlement) -> Settled:
        """Write a check's result and give the lease back."""
        lease, after = settlement.lease, settlement.step.claim
        if lease.claim.state is after.state and not settlement.step.changes:
            saved = await self._save_check(self._pool, settlement, after)
            settled = Settled.SAVED if saved else Settled.LOST
        else:
            settled = await self._settle_change(settlement)
        if settled is Settled.LOST:
            await self._pool.execute(
                QUERIES["return_lease"], after.tenant_id, after.claim_id, lease.lease_id
            )
        elif settlement.step.changes:
            self._committed()
        return settled

    async def _settle_change(self, settlement: Settlement) -> Settled:
        claim = settlement.step.claim
        async with transaction(self._pool) as connection:
            await connection.fetchval(QUERIES["lock_domain"], claim.domain.ascii)
            try:
                async with connection.transaction():
                    if not await self._save_check(connection, settlement, claim):
                        return Settled.LOST
            except asyncpg.UniqueViolationError as error:
                if error.constraint_name != "claims_one_holder":
                    raise
                return await self._yield_to_holder(connection, settlement)
            await self._tell(connection, settlement.step, settlement.now)
            await self._pass_on(connection, settlement.lease.claim, claim, settlement.now)
        return Settled.SAVED

    async def _yield_to_holder(
        self, connection: asyncpg.Connection, settlement: Settlement
    ) -> Settled:
        claim = settlement.if_taken.claim
        if not await self._save_check(connection, settlement, claim):
            return Settled.LOST
        await self._tell(connection, settlement.if_taken, settlement.now)
        await connection.execute(
            QUERIES["contest_holder"], claim.domain.ascii, claim.tenant_id, settlement.now
        )
        return Settled.TAKEN

    async def _save_check(
        self,
        connection: "asyncpg.Connection | asyncpg.Pool",
        settlement: Settlement,
        claim: Claim,
    ) -> bool:
        evidence = settlement.evidence
        check_id = await connection.fetchval(
            QUERIES["settle_check"],
            claim.tenant_id,
            claim.claim_id,
            settlement.lease.lease_id,
            *mutable_values(claim),
            uuid7(),
            evidence.authenticated,
            orjson.dumps(looks_of(evidence)).decode(),
            settlement.lease.claim.next_check_at,
            settlement.lease.revision,
            evidence.explanation,
        )
        return check_id is not None

    async def change(
        self, tenant_id: UUID, claim_id: UUID, decide: Callable[[Claim], Step], *, now: datetime
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
            step = decide(before)
            await self.save(connection, before, step, now=now)
        self._committed()
        return step.claim

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
        await self._tell(connection, step, now)
        await self._pass_on(connection, before, claim, now)

    async def release_all(self, connection: asyncpg.Connection, tenant_id: UUID) -> None:
        """Release what a deleted tenant held, in the consumer's transaction."""
        now = self._clock.now()
        for claim in await forget_tenant(connection, tenant_id):
            step = release(claim, now=now, actor=DIRECTORY, reason="tenant_deleted")
            await self.save(connection, claim, step, now=now)
        self._committed()

    async def _tell(self, connection: asyncpg.Connection, step: Step, now: datetime) -> None:
        await write_log(connection, step, now)
        await enqueue(connection, self._outgoing(step.claim, step.changes, now))

    async def _pass_on(
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

    async def checks(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[CheckRecord]:
        """Return the claim's checks, newest first."""
        rows = await self._pool.fetch(QUERIES["list_checks"], tenant_id, claim_id, limit)
        return [_check_of(row) for row in rows]

    async def log(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[LogRecord]:
        """Return what happened to the claim, newest first."""
        rows = await self._pool.fetch(QUERIES["list_log"], tenant_id, claim_id, limit)
        return [log_record(row) for row in rows]

    async def concerns(self, *, unseen_before: datetime, limit: int) -> Sequence[Concern]:
        """Return all tenants' claims that people should look at."""
        rows = await self._pool.fetch(QUERIES["list_concerns"], unseen_before, limit)
        return [_concern_of(row) for row in rows]

    async def claims_to(self, domain: str) -> Sequence[Concern]:
        """Return all tenants' live claims to a domain, its holder first."""
        rows = await self._pool.fetch(QUERIES["list_claims_to"], domain)
        return [_concern_of(row) for row in rows]


def _concern_of(row: asyncpg.Record) -> Concern:
    return Concern(**{**row, "state": State(row["state"])})


def _check_of(row: asyncpg.Record) -> CheckRecord:
    looks: list[dict[str, Any]] = orjson.loads(row["looks"])
    return CheckRecord(
        check_id=row["check_id"],
        at=row["checked_at"],
        outcome=Outcome(row["outcome"]),
        reason=Reason(row["reason"]),
        explanation=row["explanation"],
        authenticated=row["authenticated"],
        state=State(row["state"]),
        looks=looks,
    )
