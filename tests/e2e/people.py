"""A provisioning job of an end-to-end test: one tenant, one "Entra", one engine."""

import random
from dataclasses import dataclass

from demo.catching_up import caught_up
from demo.stack import Stack, Tenant
from entra_sandbox.client import Pace, ScimClient
from entra_sandbox.dialect import Dialect
from entra_sandbox.engine import Engine
from entra_sandbox.life import LIFE, run_step
from entra_sandbox.people import populate
from entra_sandbox.source import Entra

GUIDS = ("6f1d9a0e-1111-4222-8333-444455556666", "6f1d9a0e-7777-4888-9999-aaaabbbbcccc")
RATE = 150.0


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that one test needs about one tenant."""

    stack: Stack
    tenant: Tenant
    entra: Entra
    engine: Engine

    @classmethod
    def of(
        cls, stack: Stack, tenant: Tenant, dialect: Dialect, *, users: int, groups: int
    ) -> "Job":
        entra = populate(users=users, groups=groups, seed=11, domain="contoso.example")
        client = ScimClient(tenant.scim_url, tenant.token, dialect, Pace(RATE))
        return cls(stack, tenant, entra, Engine(entra, client))

    async def live(self) -> None:
        """Go through a whole provisioning life; every step must get through."""
        rng = random.Random(11)
        async with self.engine.client:
            await self.engine.test_connection(GUIDS)
            for step in LIFE:
                await run_step(self.engine, step, rng)
                assert self.engine.ok, (step.title, self.engine.refused, self.errors())

    async def test_connection(self) -> None:
        """Press "Test Connection"."""
        async with self.engine.client:
            await self.engine.test_connection(GUIDS)

    async def assert_equal(self, within: float = 20) -> None:
        """Fail unless the directory comes to hold what "Entra" holds."""
        dialect = self.engine.dialect
        comparison = await caught_up(
            self.stack, self.tenant.tenant_id, self.entra, dialect, within=within
        )
        assert comparison.equal, "\n".join(comparison.differences[:20])

    def errors(self) -> list[str]:
        """Return why objects are in escrow."""
        return [entry.error for entry in self.engine.escrow.entries.values()]

    def users(self) -> list[dict[str, object]]:
        """Return the directory's users of this tenant."""
        listed: list[dict[str, object]] = self.stack.directory(
            "user", "list", "--tenant", self.tenant.tenant_id
        )
        return listed
