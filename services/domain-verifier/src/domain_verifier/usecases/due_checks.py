"""The worker's loop: checks all claims that are due, on as many replicas as there are.

Due work is rows with a lease, not timers: what a killed replica held is due again when its lease
runs out, and a result that comes after that is dropped. While the database is away the loop goes on
trying; any other error ends the process, for it would only happen again.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from chassis.clock import Clock
from chassis.loops import beat
from chassis.retry import retry
from domain_verifier.usecases.breaker import ReviewBreaker
from domain_verifier.usecases.checks import RunCheck
from domain_verifier.usecases.ports import Claims, Lease

log = structlog.get_logger()

REVIEW_SECONDS = 10.0
RETRY_SECONDS = 1.0


@dataclass(slots=True)
class CheckDueClaims:
    """Leases due claims and checks them, a bounded number at once."""

    claims: Claims
    run_check: RunCheck
    review: ReviewBreaker
    clock: Clock
    transient: tuple[type[Exception], ...]
    """What storage fails with while the database is away."""
    concurrency: int = 64
    poll: float = 1.0
    """Seconds between two polls for due work when there was none."""
    _under_way: int = 0
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _reviewed_at: float = float("-inf")

    async def run(self) -> None:
        """Work for ever; a check that fails is left to its lease's end, the others go on."""
        async with asyncio.TaskGroup() as group:
            while True:
                # While the database is away nothing is lost, for due work is rows.
                leases, wanted = await retry(
                    self._take,
                    self.transient,
                    first=RETRY_SECONDS,
                    limit=RETRY_SECONDS,
                    failed=lambda error, _pause: log.warning(
                        "checks.lease_failed", error=repr(error)
                    ),
                )
                beat()
                for lease in leases:
                    self._under_way += 1
                    group.create_task(self._check(lease))
                await self._wait(idle=len(leases) < wanted)

    async def _take(self) -> tuple[Sequence[Lease], int]:
        if time.monotonic() - self._reviewed_at > REVIEW_SECONDS:
            # A breaker that is open has to close by itself; what takes away counts anew anyway.
            await self.review()
            self._reviewed_at = time.monotonic()
        wanted = self.concurrency - self._under_way
        return await self.claims.lease_due(self.clock.now(), limit=wanted), wanted

    async def _wait(self, *, idle: bool) -> None:
        """Wait for new work, or until a quarter of the slots is free: leases come in batches."""
        if idle:
            await asyncio.sleep(self.poll)
            return
        while self.concurrency - self._under_way < max(1, self.concurrency // 4):
            self._ended.clear()
            await self._ended.wait()
            beat()

    async def _check(self, lease: Lease) -> None:
        try:
            await self.run_check(lease)
        except Exception:
            claim = lease.claim
            log.exception(
                "claim.check_failed",
                tenant_id=str(claim.tenant_id),
                claim_id=str(claim.claim_id),
                domain=claim.domain.ascii,
            )
        finally:
            self._under_way -= 1
            self._ended.set()
