"""What the domain verifier consumes of `directory-tenants`: who may claim, and who is gone.

Suspending a tenant or changing its package takes no domain away: the claims are watched on, so that
nobody else gets the name meanwhile. Deleting a tenant releases them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from chassis.inbox import Rejected, Subscription
from contracts.directory import DirectoryTenant
from contracts.event import Event
from contracts.topics import DIRECTORY_TENANTS
from kernel.tenant import Tenant


@dataclass(frozen=True, slots=True)
class TenantEffects:
    """What an event does, inside the consumer's transaction."""

    save: Callable[[asyncpg.Connection, Tenant, int], Awaitable[None]]
    remove: Callable[[asyncpg.Connection, UUID], Awaitable[None]]


def tenant_subscription(effects: TenantEffects) -> Subscription:
    """Return the subscription to what the directory says of tenants."""

    async def on_tenant_state(event: Event, connection: asyncpg.Connection) -> None:
        if event.data is None:
            await effects.remove(connection, event.tenant_id)
            return
        state = event.data
        if not isinstance(state, DirectoryTenant):
            raise Rejected(f"Event {event.id} of type {event.type} carries data of another type.")
        tenant = Tenant(state.tenant_id, state.name, state.package, state.status)
        await effects.save(connection, tenant, state.version)

    return Subscription(DIRECTORY_TENANTS, {"directory.tenant.state.v1": on_tenant_state})
