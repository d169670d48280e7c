"""The real stack for end-to-end tests: PostgreSQL, Kafka and both services, started once."""

from collections.abc import Iterator

import pytest

from chassis.ids import uuid7
from demo.stack import Stack, running_stack
from e2e.jobs import TenantJob
from entra_sandbox.dialect import Dialect


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Run a stack with serving and working apart."""
    with running_stack(apart=True) as running:
        yield running


@pytest.fixture
def new_job(stack: Stack) -> "JobMaker":
    """Return a maker of provisioning jobs, each on a tenant of its own."""
    return JobMaker(stack)


class JobMaker:
    """Makes tenants and jobs that provision into them."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def __call__(self, dialect: Dialect, *extra: str, users: int = 0, groups: int = 0) -> TenantJob:
        tenant = self.stack.make_tenant(f"e2e-{uuid7().hex}", *extra)
        return TenantJob.of(self.stack, tenant, dialect, users=users, groups=groups)
