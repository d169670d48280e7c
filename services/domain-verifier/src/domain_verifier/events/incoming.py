"""What the domain verifier consumes of `directory-tenants`: who may claim, and who is gone.

Suspending a tenant or changing its package takes no domain away: the claims are watched on, so that
nobody else gets the name meanwhile. Deleting a tenant releases them.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from chassis.inbox import Subscription
from chassis.projection import tenant_subscription
from domain_verifier.usecases.use_cases import EventUseCases

UseCasesIn = Callable[[asyncpg.Connection], EventUseCases]
"""Makes the use cases inside the connection's open transaction."""


def subscriptions(use_cases_in: UseCasesIn) -> Sequence[Subscription]:
    """Return what the domain verifier subscribes to."""

    async def before_removal(connection: asyncpg.Connection, tenant_id: UUID) -> None:
        await use_cases_in(connection).release_tenant_claims(tenant_id)

    return [tenant_subscription(before_removal)]
