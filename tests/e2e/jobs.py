"""A provisioning job of an end-to-end test: one tenant, one "Entra", one engine."""

import random
from dataclasses import dataclass

from demo.convergence import wait_until_equal
from demo.stack import Stack, Tenant
from entra_sandbox.client import RateLimiter, ScimClient
from entra_sandbox.dialect import Dialect
from entra_sandbox.engine import Engine
from entra_sandbox.job import Job
from entra_sandbox.lifecycle import LIFECYCLE, run_step
from entra_sandbox.people import populate
from entra_sandbox.source import Entra

GUIDS = ("6f1d9a0e-1111-4222-8333-444455556666", "6f1d9a0e-7777-4888-9999-aaaabbbbcccc")
RATE = 150.0


@dataclass(frozen=True, slots=True)
class TenantJob:
    """Everything that one test needs about one tenant."""

    stack: Stack
    tenant: Tenant
    entra: Entra
    engine: Engine

    @classmethod
    def of(
        cls, stack: Stack, tenant: Tenant, dialect: Dialect, *, users: int, groups: int
    ) -> "TenantJob":
        entra = populate(users=users, groups=groups, seed=11, domain="contoso.example")
        client = ScimClient(tenant.scim_url, tenant.token, dialect, RateLimiter(RATE))
        return cls(stack, tenant, entra, Engine(Job(entra, client)))

    async def run_lifecycle(self) -> None:
        """Go through the whole lifecycle; every step must get through."""
        rng = random.Random(11)
        async with self.engine.job.client:
            await self.engine.test_connection(GUIDS)
            for step in LIFECYCLE:
                await run_step(self.engine, step, rng)
                assert self.engine.ok, (step.title, self.engine.refused, self.errors())

    async def test_connection(self) -> None:
        """Press "Test Connection"."""
        async with self.engine.job.client:
            await self.engine.test_connection(GUIDS)

    async def assert_equal(self, within: float = 20) -> None:
        """Fail unless the directory comes to hold what "Entra" holds."""
        dialect = self.engine.job.dialect
        comparison = await wait_until_equal(
            self.stack, self.tenant.tenant_id, self.entra, dialect, within=within
        )
        assert comparison.equal, "\n".join(comparison.differences[:20])

    def errors(self) -> list[str]:
        """Return why objects wait for a retry."""
        return [entry.error for entry in self.engine.retry_queue.entries.values()]

    def users(self) -> list[dict[str, object]]:
        """Return the directory's users of this tenant."""
        listed: list[dict[str, object]] = self.stack.directory(
            "user", "list", "--tenant", self.tenant.tenant_id
        )
        return listed
