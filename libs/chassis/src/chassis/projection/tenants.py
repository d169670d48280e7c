"""The copy of `directory-tenants`: which tenants there are, what each may do, who is gone.

The version of an event's envelope decides, as it does in the inbox; a state that gives itself
another is refused. An older state never overwrites a newer one, and the log names what was skipped.
A row of a release that kept no versions has version 0 and is replaced by the next state of its
tenant, whichever that is. The topic is compacted, so it holds the newest state of every tenant: a
consumer group that starts without offsets, as that of a new service does, fills the table from it.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import structlog

from chassis.database import read_queries
from chassis.inbox import Rejected, Subscription
from contracts.directory import DirectoryTenant
from contracts.event import Event
from contracts.topics import DIRECTORY_TENANTS
from kernel.errors import ConflictError
from kernel.tenant import Tenant

TENANT_STATE = "directory.tenant.state.v1"

_log = structlog.get_logger(__name__)

QUERIES = read_queries("chassis.projection", "tenants")

BeforeRemoval = Callable[[asyncpg.Connection, UUID], Awaitable[None]]
"""What a service does with what it has of a tenant that goes, in the consumer's transaction."""


AfterSaving = Callable[[asyncpg.Connection, Tenant], Awaitable[None]]
"""What a service does with a tenant whose state has changed, in the consumer's transaction."""


async def _do_nothing(_connection: asyncpg.Connection, _tenant: Tenant) -> None:
    """Keep the state, no more."""


async def _keep_everything(_connection: asyncpg.Connection, _tenant_id: UUID) -> None:
    """Leave it to the tables' foreign keys."""


def tenant_subscription(
    before_removal: BeforeRemoval = _keep_everything, after_saving: AfterSaving = _do_nothing
) -> Subscription:
    """Return the subscription that keeps the copy, one transaction for each state.

    A deleted tenant is removed after `before_removal`, in the same transaction: locks that the
    service takes there are held until the tenant is gone.
    """

    async def on_tenant_state(event: Event, connection: asyncpg.Connection) -> None:
        if event.subject != str(event.tenant_id):
            raise Rejected(f"{TENANT_STATE} is about something that is not its envelope's tenant")
        if event.data is None:
            await remove_tenant(connection, event.tenant_id, _version_of(event), before_removal)
            return
        tenant = _tenant_of(event)
        if await save_tenant(connection, tenant, _version_of(event)):
            await after_saving(connection, tenant)

    return Subscription(DIRECTORY_TENANTS, {TENANT_STATE: on_tenant_state})


async def save_tenant(connection: asyncpg.Connection, tenant: Tenant, version: int) -> bool:
    """Keep a tenant's state unless a newer one is known; tells whether it was kept."""
    done = await connection.execute(
        *QUERIES["save_tenant"](
            tenant_id=tenant.tenant_id,
            name=tenant.name,
            package=tenant.package,
            status=tenant.status,
            version=version,
        )
    )
    if done == "INSERT 0 0":
        _log_skipped(tenant.tenant_id, version)
        return False
    return True


async def remove_tenant(
    connection: asyncpg.Connection, tenant_id: UUID, version: int, before_removal: BeforeRemoval
) -> None:
    """Remove a tenant unless something newer than its deletion is known."""
    known = await connection.fetchval(*QUERIES["read_version"](tenant_id=tenant_id))
    if known is not None and known >= version:
        _log_skipped(tenant_id, version)
        return
    await before_removal(connection, tenant_id)
    await connection.execute(*QUERIES["delete_tenant"](tenant_id=tenant_id))


def _log_skipped(tenant_id: UUID, version: int) -> None:
    """Say that a state or deletion changed nothing: the inbox should have kept it away."""
    _log.warning("tenant.state_skipped", tenant_id=str(tenant_id), version=version)


def _version_of(event: Event) -> int:
    if event.version is None:
        raise Rejected(f"{TENANT_STATE} must have a version")
    return event.version


def _tenant_of(event: Event) -> Tenant:
    state = event.data
    if not isinstance(state, DirectoryTenant):
        raise Rejected(f"{TENANT_STATE} must carry a tenant")
    if state.tenant_id != event.tenant_id:
        raise Rejected(f"{TENANT_STATE} speaks of another tenant than its envelope")
    if state.version != event.version:
        raise Rejected(f"{TENANT_STATE} gives itself another version than its envelope")
    return Tenant(state.tenant_id, state.name, state.package, state.status)


class KnownTenants:
    """The tenants as the directory last described them."""

    def __init__(self, database: asyncpg.Pool | asyncpg.Connection) -> None:
        """Read through a pool, or as a transaction's connection sees them."""
        self._database = database

    async def find(self, tenant_id: UUID) -> Tenant | None:
        """Return a tenant by its id."""
        row = await self._database.fetchrow(*QUERIES["find_tenant"](tenant_id=tenant_id))
        return Tenant(**row) if row else None

    async def find_named(self, name: str) -> Tenant | None:
        """Return a tenant by its name in any case.

        Raises:
            ConflictError: Two have it: it has passed from one to the other, and only half of that
                has arrived.
        """
        if not name.isprintable():
            return None  # No tenant's name, and perhaps nothing that the driver can encode.
        rows = await self._database.fetch(*QUERIES["list_tenants_named"](name=name))
        if len(rows) > 1:
            ids = " or ".join(str(row["tenant_id"]) for row in rows)
            raise ConflictError(
                "tenant-name-ambiguous",
                f"More than one tenant is known as {name} at the moment, because a change of names "
                f"has not arrived in full: name the tenant by its id, {ids}.",
            )
        return Tenant(**rows[0]) if rows else None
