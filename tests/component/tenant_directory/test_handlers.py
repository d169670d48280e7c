"""Every event of `scim-events` through its handler, on a real database."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from chassis import context
from chassis.database import transaction
from chassis.ids import uuid7
from conformance.tenant_directory.harness import ACTOR, Harness, SteadyClock
from contracts import scim
from contracts.base import Contract
from contracts.event import Event
from contracts.registry import EVENT_TYPES
from contracts.topics import SCIM_EVENTS
from kernel.errors import ConflictError, NotFoundError
from kernel.tenant import Package, TenantStatus
from tenant_directory.domain.tenant import Role, Tenant
from tenant_directory.domain.user import Origin, UserStatus
from tenant_directory.usecases.ports import ConcurrentChangeError
from tenant_directory.usecases.users import RoleChoice
from tenant_directory.wiring import event_subscriptions

CLOCK = SteadyClock()
SUBSCRIPTION, _ = event_subscriptions(CLOCK)

TYPE_OF = {event_type.model: name for name, event_type in EVENT_TYPES.items()}


async def handle(pool: asyncpg.Pool, tenant_id: UUID, data: Contract) -> Sequence[str]:
    """Handle one event as the consumer does; return the statements that it took."""
    event = Event(
        id=uuid7(),
        type=TYPE_OF[type(data)],
        source="/services/scim",
        subject=str(uuid7()),
        time=CLOCK.now(),
        tenant_id=tenant_id,
        data=data,
    )
    statements: list[str] = []
    cause = context.Context(correlation_id="c-1", tenant_id=str(tenant_id))
    with context.bind(cause):
        async with transaction(pool) as connection:
            with connection.query_logger(lambda record: statements.append(record.query)):
                await SUBSCRIPTION.handlers[event.type](event, connection)
    return statements


def scim_user(user_id: UUID, name: str = "ada@acme.com", **fields: Any) -> scim.ScimUser:
    defaults = {"version": 1, "active": True, "email": name, "external_id": "e-1"}
    return scim.ScimUser(user_id=user_id, user_name=name, **{**defaults, **fields})


def test_every_scim_event_has_a_handler() -> None:
    types = {name for name, kind in EVENT_TYPES.items() if kind.topic is SCIM_EVENTS}
    assert set(SUBSCRIPTION.handlers) == types


async def test_an_event_of_a_user_takes_three_statements(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    user_id = uuid7()
    created = scim.ScimUserCreated(user=scim_user(user_id, attributes={"title": "Countess"}))
    changed = scim_user(user_id, version=2, active=False, display_name="Ada")
    counts = [
        len(await handle(pool, tenant.tenant_id, created)),
        len(await handle(pool, tenant.tenant_id, scim.ScimUserUpdated(user=changed))),
    ]
    user = await directory.user(tenant, user_id)
    assert (user.role, user.status) == (Role.MEMBER, UserStatus.INACTIVE)
    assert user.profile.display_name == "Ada"

    deleted = scim.ScimUserDeleted(user_id=user_id, user_name="ada@acme.com")
    counts.append(len(await handle(pool, tenant.tenant_id, deleted)))

    assert await directory.maybe_user(tenant, user_id) is None
    assert max(counts) <= 3


async def test_an_event_of_a_group_takes_three_statements_and_one_of_members_two(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    users = [uuid7() for _ in range(3)]
    for number, user_id in enumerate(users):
        user = scim_user(user_id, f"u{number}@acme.com")
        await handle(pool, tenant.tenant_id, scim.ScimUserCreated(user=user))
    group = scim.ScimGroup(group_id=uuid7(), version=1, display_name="Sales")
    renamed = group.model_copy(update={"version": 2, "display_name": "Sales EU"})
    joined = scim.ScimGroupMembersChanged(group_id=group.group_id, added=users)
    left = scim.ScimGroupMembersChanged(group_id=group.group_id, removed=users[:1])

    async def count(data: Contract) -> int:
        return len(await handle(pool, tenant.tenant_id, data))

    assert await count(scim.ScimGroupCreated(group=group)) <= 3
    assert await count(scim.ScimGroupUpdated(group=renamed)) <= 3
    assert await count(joined) == 2
    assert await count(left) == 2
    assert await directory.members(tenant, group.group_id) == set(users[1:])
    deleted = scim.ScimGroupDeleted(group_id=group.group_id, display_name="Sales EU")
    assert await count(deleted) <= 3
    assert await directory.members(tenant, group.group_id) == set()


async def test_a_stale_event_is_one_statement_and_no_change(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    user_id = uuid7()
    newest = scim.ScimUserCreated(user=scim_user(user_id, version=9))
    await handle(pool, tenant.tenant_id, newest)
    published = await directory.published()

    stale = scim.ScimUserUpdated(user=scim_user(user_id, version=8, active=False))
    assert len(await handle(pool, tenant.tenant_id, stale)) == 1
    assert len(await handle(pool, tenant.tenant_id, newest)) == 1
    assert await directory.published() == published


async def test_the_correlation_id_reaches_audit_log_and_outbox(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    await handle(pool, tenant.tenant_id, scim.ScimUserCreated(user=scim_user(uuid7())))
    [audited] = await pool.fetch("SELECT * FROM audit_log WHERE action = 'user.created'")
    assert (audited["actor"], audited["correlation_id"]) == ("scim", "c-1")
    assert "ada" not in orjson.loads(audited["details"]).get("attributes", "")
    assert {row.correlation_id for row in (await directory.outbox())[-2:]} == {"c-1"}


async def test_events_that_cannot_be_applied_are_rejected_and_change_nothing(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    group = scim.ScimGroup(group_id=uuid7(), version=1, display_name="Sales")
    await handle(pool, tenant.tenant_id, scim.ScimGroupCreated(group=group))
    published = await directory.published()
    stranger, nobody = uuid7(), uuid7()
    join = scim.ScimGroupMembersChanged(group_id=group.group_id, added=[nobody])
    join_nothing = scim.ScimGroupMembersChanged(group_id=nobody, added=[])
    for tenant_id, data in (
        (stranger, scim.ScimUserCreated(user=scim_user(nobody))),
        (stranger, scim.ScimUserDeleted(user_id=nobody, user_name="ada@acme.com")),
        (stranger, scim.ScimGroupDeleted(group_id=nobody, display_name="Sales")),
        (tenant.tenant_id, join),
        (tenant.tenant_id, join_nothing),
    ):
        with pytest.raises(NotFoundError, match=r"directory knows|are no users"):
            await handle(pool, tenant_id, data)
    assert await directory.published() == published


@pytest.mark.parametrize("refused", ["free", "suspended"])
async def test_what_scim_accepted_is_applied_whatever_the_tenant_has_become(
    directory: Harness, pool: asyncpg.Pool, refused: str
) -> None:
    tenant = await directory.tenant()
    user_id = uuid7()
    await handle(pool, tenant.tenant_id, scim.ScimUserCreated(user=scim_user(user_id)))
    await _refuse(directory, tenant, refused)

    changed = scim.ScimUserUpdated(user=scim_user(user_id, version=2, active=False))
    await handle(pool, tenant.tenant_id, changed)
    late = scim.ScimUserCreated(user=scim_user(uuid7(), "late@acme.com"))
    await handle(pool, tenant.tenant_id, late)

    assert (await directory.user(tenant, user_id)).status is UserStatus.INACTIVE
    async with directory.uow() as work:
        assert await work.users.by_name(tenant.tenant_id, "late@acme.com") is not None


async def test_provider_and_administrator_at_once_make_one_user_of_the_name(
    directory: Harness, pool: asyncpg.Pool
) -> None:
    tenant = await directory.tenant()
    for number in range(20):
        name, user_id = f"u{number}@acme.com", uuid7()
        choice = RoleChoice(Role.TENANT_ADMIN)
        by_hand, _ = await asyncio.gather(
            directory.manual_user(tenant, name, choice=choice),
            _until_applied(pool, tenant.tenant_id, scim_user(user_id, name)),
            return_exceptions=True,
        )
        user = await directory.user(tenant, user_id)
        adopted = not isinstance(by_hand, ConflictError)
        assert user.origin is Origin.SCIM
        assert user.role is (Role.TENANT_ADMIN if adopted else Role.MEMBER)
    listed = [each.user async for each in directory.use_cases.list_users(tenant.tenant_id)]
    assert len(listed) == 20


async def _until_applied(pool: asyncpg.Pool, tenant_id: UUID, user: scim.ScimUser) -> None:
    """Try again after a lost race, as the consumer does."""
    while True:
        with suppress(ConcurrentChangeError):
            await handle(pool, tenant_id, scim.ScimUserCreated(user=user))
            return


async def _refuse(directory: Harness, tenant: Tenant, how: str) -> None:
    if how == "free":
        change = directory.use_cases.set_package
        await change(tenant.name, Package.FREE, actor=ACTOR)
        return
    suspend = directory.use_cases.set_tenant_status
    await suspend(tenant.name, TenantStatus.SUSPENDED, actor=ACTOR)
