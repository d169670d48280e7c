"""The ports of the domain verifier in memory, for tests of its use cases.

They pass the same conformance suite as the PostgreSQL adapters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from domain_verifier.domain.changes import Change
from domain_verifier.domain.claim import Claim, State, Transition
from domain_verifier.domain.quota import Usage
from domain_verifier.domain.start import StartConditions
from domain_verifier.usecases.ports import (
    AttentionItem,
    Busy,
    CheckRecord,
    DomainHeldError,
    Lease,
    LeaseRequest,
    LogRecord,
    SaveOutcome,
    UnsavedCheck,
)
from kernel.tenant import Tenant


@dataclass
class _Row:
    claim: Claim
    lease_id: UUID | None = None
    revision: int = 0
    requested_at: datetime | None = None
    checks: list[CheckRecord] = field(default_factory=list)
    log: list[LogRecord] = field(default_factory=list)


@dataclass
class MemoryTenants:
    """The tenants."""

    known: dict[UUID, Tenant] = field(default_factory=dict)

    async def save(self, tenant: Tenant) -> None:
        """Add or change a tenant."""
        self.known[tenant.tenant_id] = tenant

    async def find(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant."""
        return self.known.get(tenant_id)

    async def find_named(self, name: str) -> Tenant | None:
        """Return a tenant."""
        return next((tenant for tenant in self.known.values() if tenant.name == name), None)


@dataclass
class MemoryClaims:
    """The claims; leases end only when they are given back."""

    tenants: MemoryTenants
    rows: dict[tuple[UUID, UUID], _Row] = field(default_factory=dict)
    published: list[tuple[Claim, Change]] = field(default_factory=list)

    async def start(
        self,
        tenant_id: UUID,
        domain: str,
        decide: Callable[[StartConditions], Transition],
        *,
        recent_since: datetime,
        now: datetime,
    ) -> Claim:
        """Decide and save the new claim if there is one."""
        mine = [row.claim for row in self.rows.values() if row.claim.tenant_id == tenant_id]
        to_domain = (c for c in mine if c.domain.ascii == domain and c.is_live)
        recent = [claim.created_at for claim in mine if claim.created_at > recent_since]
        live = sum(claim.is_live for claim in mine)
        conditions = StartConditions(
            tenant=await self.tenants.find(tenant_id),
            live_claim=next(to_domain, None),
            usage=Usage(live, len(recent), min(recent, default=None)),
        )
        transition = decide(conditions)
        claim = transition.claim
        if transition.changes:
            self.rows[claim.tenant_id, claim.claim_id] = _Row(claim)
            self._record(transition, now)
        return claim

    async def find(self, tenant_id: UUID, claim_id: UUID) -> Claim | None:
        """Return a claim."""
        row = self.rows.get((tenant_id, claim_id))
        return self._seen(row) if row else None

    async def newest(self, tenant_id: UUID, domain: str) -> Claim | None:
        """Return the live claim, or else the newest."""
        mine = [
            self._seen(row)
            for row in self.rows.values()
            if row.claim.tenant_id == tenant_id and row.claim.domain.ascii == domain
        ]
        return max(mine, key=lambda claim: (claim.is_live, claim.claim_id), default=None)

    async def page(
        self, tenant_id: UUID, *, after: UUID | None, limit: int, live: bool = False
    ) -> Sequence[Claim]:
        """Return a page."""
        mine = sorted(
            (self._seen(row) for row in self.rows.values() if row.claim.tenant_id == tenant_id),
            key=lambda claim: claim.claim_id,
        )
        wanted = [
            claim
            for claim in mine
            if (after is None or claim.claim_id > after) and (not live or claim.is_live)
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
        return [Lease(self._seen(row), lease_id, row.revision) for row in due[:limit]]

    async def lease(self, request: LeaseRequest) -> Lease | Busy:
        """Lease one claim."""
        row = self.rows.get((request.tenant_id, request.claim_id))
        if row is None or row.lease_id is not None or not row.claim.is_live:
            return Busy(60)
        if row.requested_at is not None and row.requested_at > request.now - request.pause:
            wait = row.requested_at + request.pause - request.now
            return Busy(ceil(wait.total_seconds()))
        requests = [
            other.requested_at
            for (tenant, _), other in self.rows.items()
            if tenant == request.tenant_id
            and other.requested_at
            and other.requested_at > request.now - timedelta(minutes=1)
        ]
        if len(requests) >= request.per_minute:
            return Busy(60)
        row.lease_id, row.requested_at = uuid7(), request.now
        return Lease(self._seen(row), row.lease_id, row.revision)

    async def save_check(self, result: UnsavedCheck) -> SaveOutcome:
        """Write a check's result."""
        claim, lease = result.transition.claim, result.lease
        row = self.rows[claim.tenant_id, claim.claim_id]
        if row.lease_id != lease.lease_id:
            return SaveOutcome.DROPPED
        row.lease_id = None
        if row.revision != lease.revision:
            return SaveOutcome.DROPPED
        if claim.holds_domain and (holder := self._holder(claim)):
            self._write(row, result, result.if_held.claim)
            self._record(result.if_held, result.now)
            holder.claim = replace(holder.claim, next_check_at=result.now)
            return SaveOutcome.DOMAIN_HELD
        self._write(row, result, claim)
        self._record(result.transition, result.now)
        return SaveOutcome.SAVED

    def _write(self, row: _Row, result: UnsavedCheck, claim: Claim) -> None:
        evidence = result.evidence
        requested, planned = row.claim.next_check_at, result.lease.claim.next_check_at
        if requested is not None and requested != planned and claim.next_check_at is not None:
            claim = replace(claim, next_check_at=min(requested, claim.next_check_at))
        row.claim = replace(claim, contested_since=None)
        record = CheckRecord(
            uuid7(),
            result.now,
            evidence.outcome,
            evidence.reason,
            evidence.explanation,
            evidence.authenticated,
            claim.state,
            [],
        )
        row.checks.insert(0, record)

    async def change(
        self,
        tenant_id: UUID,
        claim_id: UUID,
        decide: Callable[[Claim], Transition],
        *,
        now: datetime,
    ) -> Claim | None:
        """Decide and save."""
        row = self.rows.get((tenant_id, claim_id))
        if row is None:
            return None
        transition = decide(self._seen(row))
        if transition.claim.holds_domain and self._holder(transition.claim):
            raise DomainHeldError
        row.claim = replace(transition.claim, contested_since=None)
        row.revision += 1
        self._record(transition, now)
        return transition.claim

    async def checks(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[CheckRecord]:
        """Return the checks."""
        return self.rows[tenant_id, claim_id].checks[:limit]

    async def log(self, tenant_id: UUID, claim_id: UUID, *, limit: int) -> Sequence[LogRecord]:
        """Return the log."""
        return self.rows[tenant_id, claim_id].log[:limit]

    async def prune_checks(self, before: datetime) -> int:
        """Delete old checks."""
        pruned = 0
        for row in self.rows.values():
            kept = [check for check in row.checks if check.at >= before]
            pruned += len(row.checks) - len(kept)
            row.checks = kept
        return pruned

    def _holder(self, claim: Claim) -> _Row | None:
        holders = (
            row
            for row in self.rows.values()
            if row.claim.domain.ascii == claim.domain.ascii
            and row.claim.claim_id != claim.claim_id
            and row.claim.holds_domain
        )
        return next(holders, None)

    def _seen(self, row: _Row) -> Claim:
        """Return the claim, and since when others have proved its domain."""
        since = [
            other.claim.review_since
            for other in self.rows.values()
            if other.claim.domain.ascii == row.claim.domain.ascii
            and other.claim.tenant_id != row.claim.tenant_id
            and other.claim.state is State.PENDING
            and other.claim.review_since is not None
        ]
        return replace(row.claim, contested_since=min(since, default=None))

    def _schedule_review_checks(self, freed: Claim, now: datetime) -> None:
        for row in self.rows.values():
            waiting = row.claim.domain.ascii == freed.domain.ascii and row.claim.review_since
            if waiting and row.claim.tenant_id != freed.tenant_id and row.claim.is_live:
                row.claim = replace(row.claim, next_check_at=now)

    def _notify_holders_above(self, taken: Claim, now: datetime) -> None:
        for row in self.rows.values():
            above = row.claim.domain.ascii in taken.domain.parents
            if above and row.claim.tenant_id != taken.tenant_id and row.claim.holds_domain:
                details = {"domain": taken.domain.ascii}
                row.log.insert(0, LogRecord(now, "subdomain_verified", "checks", details))

    async def needing_attention(
        self, *, unseen_before: datetime, limit: int
    ) -> Sequence[AttentionItem]:
        """Return what needs people."""
        found = [_attention_item_of(self._seen(row), unseen_before) for row in self.rows.values()]
        named = [self._named(item) for item in found if item]
        named.sort(key=lambda item: (item.kind == "unseen", item.domain, item.kind))
        return named[:limit]

    async def live_claims_to(self, domain: str) -> Sequence[AttentionItem]:
        """Return the live claims to a domain."""
        claims = [row.claim for row in self.rows.values() if row.claim.domain.ascii == domain]
        live = [claim for claim in claims if claim.is_live]
        live.sort(key=lambda claim: not claim.holds_domain)
        return [
            self._named(_attention_item(claim, _kind(claim), claim.created_at)) for claim in live
        ]

    def _named(self, item: AttentionItem) -> AttentionItem:
        return replace(item, tenant=self.tenants.known[item.tenant_id].name)

    def _record(self, transition: Transition, now: datetime) -> None:
        row = self.rows[transition.claim.tenant_id, transition.claim.claim_id]
        for change in transition.changes:
            self.published.append((transition.claim, change))
            action = {"GraceWarned": "grace_warned", "ReviewBegan": "review_began"}.get(
                type(change).__name__, type(change).__name__.lower()
            )
            details: dict[str, Any] = {}
            actor = getattr(change, "actor", None) or "checks"
            row.log.insert(0, LogRecord(now, action, actor, details))
        if transition.frees_domain:
            self._schedule_review_checks(transition.claim, now)
        if transition.takes_domain:
            self._notify_holders_above(transition.claim, now)


def _kind(claim: Claim) -> str:
    if claim.holds_domain:
        return "holder"
    return "review" if claim.review_since else "claimant"


def _attention_item(claim: Claim, kind: str, since: datetime | None) -> AttentionItem:
    return AttentionItem(
        claim.domain.ascii,
        None,
        claim.tenant_id,
        claim.claim_id,
        claim.state,
        kind,
        since,
        claim.last_outcome,
        claim.last_reason,
    )


def _attention_item_of(claim: Claim, unseen_before: datetime) -> AttentionItem | None:
    if claim.state is State.PENDING and claim.review_since:
        return _attention_item(claim, "review", claim.review_since)
    if not claim.holds_domain:
        return None
    if claim.contested_since:
        return _attention_item(claim, "holder", claim.contested_since)
    if claim.state is State.GRACE:
        return _attention_item(claim, "grace", claim.grace_started_at)
    if claim.unknown_since and claim.unknown_since < unseen_before:
        return _attention_item(claim, "unseen", claim.unknown_since)
    return None
