"""What the domain verifier consumes of `directory-tenants`: who may claim, and who is gone.

Suspending a tenant or changing its package takes no domain away: the claims are watched on, so that
nobody else gets the name meanwhile. Deleting a tenant releases them.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from chassis.inbox import Subscription
from chassis.projection import tenant_subscription
from domain_verifier.usecases.claims import ReleaseTenantClaims


def subscriptions(
    release_claims: Callable[[asyncpg.Connection], ReleaseTenantClaims],
) -> Sequence[Subscription]:
    """Return what the consumer listens to; `release_claims` binds the use case to a transaction."""

    async def before_removal(connection: asyncpg.Connection, tenant_id: UUID) -> None:
        await release_claims(connection)(tenant_id)

    return [tenant_subscription(before_removal)]
