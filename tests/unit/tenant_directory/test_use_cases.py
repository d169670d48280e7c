"""Use cases on the unit of work in memory: what each decides, refuses and records."""

from uuid import UUID

import pytest
import structlog

from chassis.ids import uuid7
from conformance.tenant_directory.harness import ACTOR, Harness, idp_user, memory_harness
from kernel.errors import ConflictError, NotFoundError
from tenant_directory.domain.changes import DomainChanged
from tenant_directory.domain.tenant import Role
from tenant_directory.domain.user import RoleGiver
from tenant_directory.usecases.users import RoleChoice


@pytest.fixture
def directory() -> Harness:
    return memory_harness()


@pytest.mark.parametrize(
    ("choice", "role", "given_by"),
    [
        (None, Role.MEMBER, RoleGiver.DEFAULT),
        (RoleChoice(Role.TENANT_ADMIN), Role.TENANT_ADMIN, RoleGiver.ADMIN),
        (RoleChoice(None), None, RoleGiver.ADMIN),
    ],
)
async def test_a_manual_user_gets_the_chosen_role_or_the_default(
    directory: Harness, choice: RoleChoice | None, role: Role | None, given_by: RoleGiver
) -> None:
    tenant = await directory.tenant(default_role=Role.MEMBER)
    user = await directory.manual_user(tenant, "ada@acme.com", choice=choice)
    assert (user.role, user.role_given_by) == (role, given_by)


async def test_a_user_name_that_is_taken_is_refused_with_the_command_that_shows_it(
    directory: Harness,
) -> None:
    tenant = await directory.tenant()
    await directory.manual_user(tenant, "ada@acme.com")
    before = await directory.published()
    with pytest.raises(ConflictError, match=r"user show Ada@acme.com --tenant acme") as refused:
        await directory.manual_user(tenant, "Ada@acme.com")
    assert refused.value.slug == "user-name-taken"
    assert await directory.published() == before


async def test_a_user_is_found_by_name_and_by_any_spelling_of_its_id(directory: Harness) -> None:
    tenant = await directory.tenant()
    user = await directory.apply(tenant, idp_user("ada@acme.com"))
    await directory.change_members(tenant, await directory.group(tenant), added=[user.user_id])
    for spelling in (" ADA@acme.com ", str(user.user_id), user.user_id.hex, user.user_id.urn):
        details = await directory.use_cases.get_user("acme", spelling)
        assert (details.tenant, details.user) == (tenant, user)
        assert [group.display_name for group in details.groups] == ["Sales"]


async def test_what_is_not_found_is_refused_with_the_command_that_lists(
    directory: Harness,
) -> None:
    use_cases = directory.use_cases
    with pytest.raises(NotFoundError, match="tenant list"):
        await use_cases.get_user("acme", "ada@acme.com")
    await directory.tenant()
    for unknown in ("ada@acme.com", str(uuid7())):
        with pytest.raises(NotFoundError, match="user list --tenant acme"):
            await use_cases.get_user("acme", unknown)
        with pytest.raises(NotFoundError, match="group list --tenant acme"):
            await use_cases.get_group("acme", unknown)


async def test_a_change_that_changes_nothing_is_not_recorded(directory: Harness) -> None:
    tenant = await directory.tenant(default_role=Role.MEMBER)
    await directory.manual_user(tenant, "ada@acme.com")
    before = await directory.actions(tenant)
    await directory.use_cases.set_role("acme", "ada@acme.com", Role.MEMBER, actor=ACTOR)
    await directory.use_cases.set_default_role("acme", Role.MEMBER, actor=ACTOR)
    assert await directory.actions(tenant) == before


async def test_a_user_provisioned_without_a_role_is_warned_about_once(directory: Harness) -> None:
    tenant = await directory.tenant(default_role=None)
    idp = idp_user("ada@acme.com")
    with structlog.testing.capture_logs() as logs:
        await directory.apply(tenant, idp)
        await directory.apply(tenant, idp_user(user_id=idp.user_id, version=2, given_name="A"))
    [warning] = logs
    assert (warning["event"], warning["log_level"]) == ("user.created_without_access", "warning")
    assert warning["user_id"] == str(idp.user_id)
    assert "ada" not in str(warning)


async def test_an_adopted_user_of_its_own_keeps_its_role_when_it_takes_a_name(
    directory: Harness,
) -> None:
    tenant = await directory.tenant(default_role=None)
    user = await directory.apply(tenant, idp_user("ada@acme.com"))
    admin = RoleChoice(Role.TENANT_ADMIN)
    manual = await directory.manual_user(tenant, "boss@acme.com", choice=admin)
    group = await directory.group(tenant)
    await directory.change_members(tenant, group, added=[manual.user_id, user.user_id])

    renamed = idp_user("boss@acme.com", user_id=user.user_id, version=2)
    after = await directory.apply(tenant, renamed)

    assert after.role is None
    assert await directory.maybe_user(tenant, manual.user_id) is None
    assert await directory.members(tenant, group) == {user.user_id}


async def test_a_domain_change_is_recorded_for_its_tenant_and_published_by_nobody(
    directory: Harness,
) -> None:
    tenant = await directory.tenant()
    before = await directory.published()
    record = directory.event_use_cases.record_domain_change
    change = DomainChanged("domain.lapsed", "acme.com", UUID(int=7), {"reason": "no_record"})

    await record(tenant.tenant_id, change)
    with pytest.raises(NotFoundError, match="knows no tenant"):
        await record(uuid7(), change)

    [newest] = await directory.use_cases.list_audit_records("acme", limit=1)
    assert (newest.actor, newest.action, newest.subject) == (
        "domain-verifier",
        "domain.lapsed",
        "acme.com",
    )
    assert newest.details == {"claim_id": str(UUID(int=7)), "reason": "no_record"}
    assert await directory.published() == before


@pytest.mark.parametrize("users", [0, 1, 2, 3, 4, 5])
async def test_a_list_ends_after_its_last_page_whatever_its_length(
    directory: Harness, monkeypatch: pytest.MonkeyPatch, users: int
) -> None:
    monkeypatch.setattr("tenant_directory.usecases.paging.PAGE_SIZE", 2)
    tenant = await directory.tenant()
    ids = [
        (await directory.apply(tenant, idp_user(f"u{number}@acme.com"))).user_id
        for number in range(users)
    ]
    listing = directory.use_cases.list_users(tenant.tenant_id)
    assert [summary.user.user_id async for summary in listing] == ids
