"""No sequence of events from the provider changes a role; only an administrator does."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.ids import uuid7
from conformance.tenant_directory.harness import (
    ACTOR,
    Harness,
    idp_user,
    memory_harness,
)
from kernel.errors import ConflictError, NotFoundError
from tenant_directory.domain.tenant import Role, Tenant
from tenant_directory.domain.user import IdpUser, User

IDS = [uuid7() for _ in range(2)]
NAMES = ["ada@acme.com", "ADA@acme.com", "bob@acme.com", "cy@acme.com"]
ROLES = [None, *Role]


@dataclass(frozen=True)
class State:
    user: int
    advance: int
    """Versions rise as the story goes on; some come late or twice."""
    name: str
    active: bool
    soft_deleted: bool


@dataclass(frozen=True)
class Delete:
    user: int


@dataclass(frozen=True)
class Join:
    user: int


@dataclass(frozen=True)
class DefaultRole:
    role: Role | None


@dataclass(frozen=True)
class AdminRole:
    user: int
    role: Role | None


Step = State | Delete | Join | DefaultRole | AdminRole

users = st.integers(0, len(IDS) - 1)
steps = st.one_of(
    st.builds(
        State,
        user=users,
        advance=st.sampled_from([-1, 0, 1, 1, 1]),
        name=st.sampled_from(NAMES),
        active=st.booleans(),
        soft_deleted=st.booleans(),
    ),
    st.builds(Delete, user=users),
    st.builds(Join, user=users),
    st.builds(DefaultRole, role=st.sampled_from(ROLES)),
    st.builds(AdminRole, user=users, role=st.sampled_from(ROLES)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, min_size=3, max_size=30))
def test_only_an_administrator_changes_a_role(story: list[Step]) -> None:
    asyncio.run(_run(story))


async def _run(story: list[Step]) -> None:
    directory = memory_harness()
    tenant = await directory.tenant(default_role=Role.MEMBER)
    group = await directory.group(tenant)
    for number, step in enumerate(story, start=2):
        before = {user_id: await directory.maybe_user(tenant, user_id) for user_id in IDS}
        default = (await _tenant(directory, tenant)).default_role
        await _apply(directory, tenant, group, step, number)
        for user_id, old in before.items():
            new = await directory.maybe_user(tenant, user_id)
            _check(step, user_id, old, new, default)


def _check(
    step: Step, user_id: UUID, old: User | None, new: User | None, default: Role | None
) -> None:
    if new is None:
        return
    if isinstance(step, AdminRole) and IDS[step.user] == user_id:
        assert new.role is step.role
    elif old is not None:
        assert new.role is old.role
        assert new.version >= old.version
    else:
        assert new.role is default


async def _apply(directory: Harness, tenant: Tenant, group: UUID, step: Step, number: int) -> None:
    match step:
        case State():
            # Two users of the provider under one name: refused, and nothing is changed.
            with suppress(ConflictError):
                await directory.apply(tenant, _idp_state(step, number))
        case Delete(user):
            await directory.event_use_cases.delete_scim_user(tenant.tenant_id, IDS[user])
        case DefaultRole(role):
            await directory.use_cases.set_default_role(tenant.name, role, actor=ACTOR)
        case Join(user):
            with suppress(NotFoundError):
                await directory.change_members(tenant, group, added=[IDS[user]])
        case AdminRole(user, role):
            with suppress(NotFoundError):
                set_role = directory.use_cases.set_role
                await set_role(tenant.name, str(IDS[user]), role, actor=ACTOR)


def _idp_state(step: State, number: int) -> IdpUser:
    return idp_user(
        step.name,
        user_id=IDS[step.user],
        version=number + step.advance,
        active=step.active,
        soft_deleted=step.soft_deleted,
    )


async def _tenant(directory: Harness, tenant: Tenant) -> Tenant:
    async with directory.uow() as work:
        found = await work.tenants.by_id(tenant.tenant_id)
    assert found is not None
    return found
