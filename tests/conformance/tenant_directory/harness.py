"""What every test of the directory stands on: builders, a steady clock, and both directories."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import uuid7
from chassis.outbox import OutboxRecord
from conformance.tenant_directory.memory import MemoryDirectory
from kernel.tenant import Package
from tenant_directory.domain.group import IdpGroup
from tenant_directory.domain.tenant import Role, Tenant
from tenant_directory.domain.user import IdpUser, Profile, User
from tenant_directory.events.outgoing import outgoing
from tenant_directory.storage.unit_of_work import PostgresUnitsOfWork
from tenant_directory.usecases.ports import LOWEST_ID, UnitOfWorkFactory
from tenant_directory.usecases.use_cases import EventUseCases, UseCases
from tenant_directory.usecases.users import RoleChoice
from tenant_directory.wiring import event_use_cases_on, use_cases_on

ACTOR = "test"


@dataclass
class SteadyClock:
    """A clock that moves a second each time it is read."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 11, 23, tzinfo=UTC))

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


@dataclass
class Harness:
    """A directory under test, whatever holds it."""

    uow: UnitOfWorkFactory
    clock: SteadyClock
    outbox: Callable[[], Awaitable[Sequence[OutboxRecord]]]

    @property
    def use_cases(self) -> UseCases:
        return use_cases_on(self.uow, self.clock)

    @property
    def event_use_cases(self) -> EventUseCases:
        return event_use_cases_on(self.uow, self.clock)

    async def tenant(self, name: str = "acme", default_role: Role | None = Role.MEMBER) -> Tenant:
        return await self.use_cases.create_tenant(
            name, package=Package.BUSINESS, default_role=default_role, actor=ACTOR
        )

    async def manual_user(
        self, tenant: Tenant, name: str, *, choice: RoleChoice | None = None
    ) -> User:
        create = self.use_cases.create_user
        profile = Profile(email=name)
        return await create(tenant.name, name, profile=profile, choice=choice, actor=ACTOR)

    async def apply(self, tenant: Tenant, idp: IdpUser) -> User:
        await self.event_use_cases.apply_scim_user(tenant.tenant_id, idp)
        return await self.user(tenant, idp.user_id)

    async def group(self, tenant: Tenant, name: str = "Sales") -> UUID:
        group_id = uuid7()
        idp = IdpGroup(group_id, version=1, display_name=name, external_id=None)
        await self.event_use_cases.apply_scim_group(tenant.tenant_id, idp)
        return group_id

    async def change_members(
        self,
        tenant: Tenant,
        group_id: UUID,
        *,
        added: Sequence[UUID] = (),
        removed: Sequence[UUID] = (),
    ) -> None:
        change = self.event_use_cases.change_scim_members
        await change(tenant.tenant_id, group_id, added=added, removed=removed)

    async def user(self, tenant: Tenant, user_id: UUID) -> User:
        user = await self.maybe_user(tenant, user_id)
        assert user is not None
        return user

    async def maybe_user(self, tenant: Tenant, user_id: UUID) -> User | None:
        async with self.uow() as work:
            return (await work.users.find(tenant.tenant_id, user_id, None)).user

    async def members(self, tenant: Tenant, group_id: UUID) -> set[UUID]:
        async with self.uow() as work:
            page = await work.groups.members(
                tenant.tenant_id, group_id, after=LOWEST_ID, limit=10_000
            )
        return {member.user_id for member in page}

    async def published(self, *, since: int = 0) -> list[tuple[str, str, int | None]]:
        """Return type, subject and version of what was put in the outbox."""
        return [(row.type, row.subject, row.version) for row in (await self.outbox())[since:]]

    async def data(self, kind: str) -> list[Any]:
        """Return the data of all outbox rows of a type; None is a tombstone."""
        rows = [row for row in await self.outbox() if row.type == kind]
        return [None if row.data is None else orjson.loads(row.data) for row in rows]

    async def actions(self, tenant: Tenant) -> list[str]:
        async with self.uow() as work:
            page = await work.change_log.page(tenant.tenant_id, before=None, limit=1_000)
        return [record.action for record in reversed(page)]


def memory_harness() -> Harness:
    clock = SteadyClock()
    directory = MemoryDirectory(clock, outgoing)

    async def outbox() -> Sequence[OutboxRecord]:
        return directory.state.outbox

    return Harness(directory.uow, clock, outbox)


def postgres_harness(pool: asyncpg.Pool) -> Harness:
    clock = SteadyClock()
    units_of_work = PostgresUnitsOfWork(clock, outgoing)

    async def outbox() -> Sequence[OutboxRecord]:
        rows = await pool.fetch(
            "SELECT tenant_id, topic, event_id, type, subject, occurred_at, data, version,"
            " correlation_id, traceparent FROM outbox ORDER BY id"
        )
        return [OutboxRecord(**dict(row)) for row in rows]

    return Harness(units_of_work.on_pool(pool, committed=lambda: None), clock, outbox)


def idp_user(
    name: str = "ada@acme.com",
    *,
    user_id: UUID | None = None,
    version: int = 1,
    active: bool = True,
    soft_deleted: bool = False,
    **profile: Any,
) -> IdpUser:
    return IdpUser(
        user_id=user_id or uuid7(),
        version=version,
        user_name=name,
        active=active,
        soft_deleted=soft_deleted,
        profile=Profile(**{"email": name, **profile}),
    )
