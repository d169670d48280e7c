"""The breaker of the domain verifier in memory; it passes the suite of the real one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chassis.testing import FixedClock
from domain_verifier.domain.breaker import Breaker, Count
from domain_verifier.usecases.ports import (
    BY_CHECKS,
    ChangedBy,
    LogRecord,
    SuspectCriteria,
)
from support.dns_claims_memory import MemoryClaims


@dataclass
class MemoryBreakers:
    """The breaker, counting the claims in memory."""

    claims: MemoryClaims
    clock: FixedClock
    breaker: Breaker = field(default_factory=Breaker)
    records: list[LogRecord] = field(default_factory=list)

    async def current(self) -> Breaker:
        """Return the breaker."""
        return self.breaker

    async def change(
        self,
        decide: Callable[[Breaker, Count], Breaker],
        *,
        suspect_criteria: SuspectCriteria,
        changed_by: ChangedBy = BY_CHECKS,
    ) -> tuple[Breaker, Breaker]:
        """Count, decide, save."""
        began = suspect_criteria.since(self.breaker)
        held: dict[UUID, set[str]] = {}
        suspects: dict[UUID, set[str]] = {}
        for row in self.claims.rows.values():
            claim = row.claim
            if not claim.holds_domain:
                continue
            held.setdefault(claim.tenant_id, set()).add(claim.domain.registrable)
            absent = claim.absent_since is not None and claim.absent_since >= began
            if absent and not claim.is_overridden(self.clock.now()):
                suspects.setdefault(claim.tenant_id, set()).add(claim.domain.registrable)
        count = Count(
            sum(map(len, held.values())),
            sum(map(len, suspects.values())),
            sum(min(len(names), suspect_criteria.tenant_limit) for names in suspects.values()),
        )
        before, after = self.breaker, decide(self.breaker, count)
        if after != before:
            action = "opened" if after.is_open else "closed"
            details = {"held": count.held, "suspects": count.suspects, "reason": changed_by.reason}
            self.records.insert(0, LogRecord(self.clock.now(), action, changed_by.actor, details))
        self.breaker = after
        return before, after

    async def log(self, *, limit: int) -> Sequence[LogRecord]:
        """Return the log."""
        return self.records[:limit]
