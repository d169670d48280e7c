"""The ports of the domain verifier in memory, for tests of its use cases.

They pass the same conformance suite as the PostgreSQL adapters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from domain_verifier.domain.breaker import Breaker, Count
from domain_verifier.domain.changes import Change
from domain_verifier.domain.claim import HOLDING, LIVE, Claim, Step, contest
from domain_verifier.domain.errors import TooManyRequestsError
from domain_verifier.domain.evidence import Evidence, Outcome, Reason
from domain_verifier.domain.explanation import Subject
from domain_verifier.domain.tenant import Tenant
from domain_verifier.usecases.ports import (
    CheckRecord,
    DomainHeldError,
    Lease,
    LogRecord,
    Quota,
    Settled,
    Settlement,
)

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.at

    def pass_(self, **span: float) -> datetime:
        """Move on."""
        self.at += timedelta(**span)
        return self.at


@dataclass
class ScriptedProber:
    """DNS whose answers a test sets per domain."""

    outcomes: dict[str, Evidence] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def says(self, domain: str, outcome: Outcome, *, authenticated: bool = True) -> None:
        """Set what the next checks of a domain find."""
        reason = {
            Outcome.PRESENT: Reason.MATCHED,
            Outcome.ABSENT: Reason.NO_RECORD,
            Outcome.UNKNOWN: Reason.TIMEOUT,
        }[outcome]
        self.outcomes[domain] = Evidence(
            outcome, reason, f"It is {outcome}.", authenticated=authenticated
        )

    async def probe(self, subject: Subject, *, explain: bool) -> Evidence:
        """Return what was set; ABSENT without."""
        self.asked.append(subject.domain.ascii)
        default = Evidence(Outcome.ABSENT, Reason.NO_RECORD, "Nothing there.")
        return self.outcomes.get(subject.domain.ascii, default)


@dataclass
class _Row:
    claim: Claim
    lease_id: UUID | None = None
    asked_at: datetime | None = None
    checks: list[CheckRecord] = field(default_factory=list)
    log: list[LogRecord] = field(default_factory=list)


@dataclass
class MemoryClaims:
    """The claims; leases end only when they are given back or `expire_leases` is called."""

    rows: dict[tuple[UUID, UUID], _Row] = field(default_factory=dict)
    published: list[tuple[Claim, Change]] = field(default_factory=list)

    async def start(self, step: Step, *, quota: Quota, now: datetime) -> Claim:
        """Save a new claim, or return the live one."""
        claim = step.claim
        mine = [row.claim for row in self.rows.values() if row.claim.tenant_id == claim.tenant_id]
        for other in mine:
            if other.domain == claim.domain and other.state in LIVE:
                return other
        recent = [other.created_at for other in mine if other.created_at > now - timedelta(hours=1)]
        if sum(other.state in LIVE for other in mine) >= quota.live:
            raise TooManyRequestsError("too_many_claims", "Too many.", retry_after=3600)
        if len(recent) >= quota.per_hour:
            wait = min(recent) + timedelta(hours=1) - now
            raise TooManyRequestsError(
                "claims_too_fast", "Too fast.", retry_after=ceil(wait.total_seconds())
            )
        self.rows[claim.tenant_id, claim.claim_id] = _Row(claim)
        self._tell(step, now)
        return claim

    async def find(self, tenant_id: UUID, claim_id: UUID) -> Claim | None:
        """Return a claim."""
        row = self.rows.get((tenant_id, claim_id))
        return row.claim if row else None

    async def newest(self, tenant_id: UUID, domain: str) -> Claim | None:
        """Return the live claim, or else the newest."""
        mine = [
            row.claim
            for row in self.rows.values()
            if row.claim.tenant_id == tenant_id and row.claim.domain.ascii == domain
        ]
        return max(mine, key=lambda claim: (claim.state in LIVE, claim.claim_id), default=None)

    async def page(
        self, tenant_id: UUID, *, after: UUID | None, limit: int, live: bool = False
    ) -> Sequence[Claim]:
        """Return a page."""
        mine = sorted(
            (row.claim for row in self.rows.values() if row.claim.tenant_id == tenant_id),
            key=lambda claim: claim.claim_id,
        )
        wanted = [
            claim
            for claim in mine
            if (after is None or claim.claim_id > after) and (not live or claim.state in LIVE)
        ]
        return wanted[:limit]

    async def lease_due(self, now: datetime, *, limit: int) -> Sequence[Lease]:
        """Lease due claims."""
        due = [
            row
            for row in self.rows.values()
            if row.lease_id is None
            and row.claim.next_check_at is not None
            and row.claim.next_check_at <= now
        ]
        due.sort(key=lambda row: row.claim.next_check_at or now)
        lease_id = uuid7()
        for row in due[:limit]:
            row.lease_id = lease_id
        return [Lease(row.claim, lease_id) for row in due[:limit]]

    async def lease(
        self, tenant_id: UUID, claim_id: UUID, *, now: datetime, pause: timedelta
    ) -> Lease | None:
        """Lease one claim."""
        row = self.rows.get((tenant_id, claim_id))
        if row is None or row.lease_id is not None or row.claim.state not in LIVE:
            return None
        if row.asked_at is not None and row.asked_at > now - pause:
            return None
        row.lease_id, row.asked_at = uuid7(), now
        return Lease(row.claim, row.lease_id)

    def expire_leases(self) -> None:
        """Let every lease run out."""
        for row in self.rows.values():
            row.lease_id = None

    async def settle(self, settlement: Settlement) -> Settled:
        """Write a check's result."""
        claim = settlement.step.claim
        row = self.rows[claim.tenant_id, claim.claim_id]
        if row.lease_id != settlement.lease.lease_id:
            return Settled.LOST
        if claim.state in HOLDING and (holder := self._holder(claim)):
            self._write(row, settlement, settlement.if_taken)
            holder.claim = contest(holder.claim, now=settlement.now)
            holder.lease_id = None
            return Settled.TAKEN
        before = row.claim
        self._write(row, settlement, claim)
        self._tell(settlement.step, settlement.now)
        self._wake(before, claim, settlement.now)
        return Settled.SAVED

    def _write(self, row: _Row, settlement: Settlement, claim: Claim) -> None:
        evidence = settlement.evidence
        row.claim, row.lease_id = claim, None
        record = CheckRecord(
            uuid7(),
            settlement.now,
            evidence.outcome,
            evidence.reason,
            evidence.explanation,
            evidence.authenticated,
            claim.state,
            [],
        )
        row.checks.insert(0, record)

    async def change(
        self, tenant_id: UUID, claim_id: UUID, decide: Callable[[Claim], Step], *, now: datetime
    ) -> Claim | None:
        """Decide and save."""
        row = self.rows.get((tenant_id, claim_id))
        if row is None:
            return None
        step = decide(row.claim)
        if step.claim.state in HOLDING and self._holder(step.claim):
            raise DomainHeldError(step.claim.domain.ascii)
        before, row.claim, row.lease_id = row.claim, step.claim, None
        self._tell(step, now)
        self._wake(before, step.claim, now)
        return step.claim

    async def checks(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[CheckRecord]:
        """Return the checks."""
        return self.rows[tenant_id, claim_id].checks[:limit]

    async def log(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[LogRecord]:
        """Return the log."""
        return self.rows[tenant_id, claim_id].log[:limit]

    def _holder(self, claim: Claim) -> _Row | None:
        holders = (
            row
            for row in self.rows.values()
            if row.claim.domain.ascii == claim.domain.ascii
            and row.claim.claim_id != claim.claim_id
            and row.claim.state in HOLDING
        )
        return next(holders, None)

    def _wake(self, before: Claim, after: Claim, now: datetime) -> None:
        if before.state not in HOLDING or after.state in HOLDING:
            return
        for row in self.rows.values():
            waiting = row.claim.domain.ascii == after.domain.ascii and row.claim.review_since
            if waiting and row.claim.tenant_id != after.tenant_id and row.claim.state in LIVE:
                row.claim, row.lease_id = replace(row.claim, next_check_at=now), None

    def _tell(self, step: Step, now: datetime) -> None:
        row = self.rows[step.claim.tenant_id, step.claim.claim_id]
        for change in step.changes:
            self.published.append((step.claim, change))
            action = {"GraceWarned": "grace_warned"}.get(
                type(change).__name__, type(change).__name__.lower()
            )
            details: dict[str, Any] = {}
            actor = getattr(change, "actor", None) or "checks"
            row.log.insert(0, LogRecord(now, action, actor, details))


@dataclass
class MemoryTenants:
    """The tenants."""

    known: dict[UUID, Tenant] = field(default_factory=dict)

    def add(self, name: str, *, package: str = "business", status: str = "active") -> UUID:
        """Add a tenant and return its id."""
        tenant = Tenant(uuid7(), name, package, status)
        self.known[tenant.tenant_id] = tenant
        return tenant.tenant_id

    async def find(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant."""
        return self.known.get(tenant_id)

    async def named(self, name: str) -> Tenant | None:
        """Return a tenant."""
        return next((tenant for tenant in self.known.values() if tenant.name == name), None)


@dataclass
class MemoryBreakers:
    """The breaker, counting the claims in memory."""

    claims: MemoryClaims
    clock: FixedClock
    breaker: Breaker = field(default_factory=Breaker)

    async def current(self) -> Breaker:
        """Return the breaker."""
        return self.breaker

    async def change(
        self, decide: Callable[[Breaker, Count], Breaker], *, since: Callable[[Breaker], datetime]
    ) -> Breaker:
        """Count, decide, save."""
        held = [row.claim for row in self.claims.rows.values() if row.claim.state in HOLDING]
        began = since(self.breaker)
        suspects = [
            claim
            for claim in held
            if claim.absent_since is not None
            and claim.absent_since >= began
            and not claim.overridden(self.clock.now())
        ]
        self.breaker = decide(self.breaker, Count(len(held), len(suspects)))
        return self.breaker
