"""Users: provisioning, adoption, soft delete, roles, the same in memory and in PostgreSQL."""

import asyncio

import pytest

from chassis.ids import uuid7
from conformance.tenant_directory.harness import ACTOR, Harness, idp_user
from kernel.errors import ConflictError, ForbiddenError, NotFoundError
from tenant_directory.domain.tenant import Role
from tenant_directory.domain.user import Origin, RoleGiver, UserStatus
from tenant_directory.usecases.users import RoleChoice


async def test_a_provisioned_user_gets_the_default_role_and_is_published(
    directory: Harness,
) -> None:
    tenant = await directory.tenant(default_role=Role.MEMBER)
    before = len(await directory.outbox())

    idp = idp_user(external_id="e-1", attributes={"title": "Countess"})
    user = await directory.apply(tenant, idp)

    assert (user.role, user.origin, user.status) == (Role.MEMBER, Origin.SCIM, UserStatus.ACTIVE)
    assert user.profile.attributes == {"title": "Countess"}
    assert await directory.published(since=before) == [
        ("directory.user.created.v1", str(user.user_id), None),
        ("directory.user.state.v1", str(user.user_id), 1),
    ]
    assert (await directory.data("directory.user.state.v1"))[0]["external_id"] == "e-1"
    assert await directory.actions(tenant) == ["tenant.created", "user.created"]


async def test_without_a_default_role_the_user_has_no_access_even_if_one_is_set_later(
    directory: Harness,
) -> None:
    tenant = await directory.tenant(default_role=None)
    user = await directory.apply(tenant, idp_user())
    assert (user.role, user.role_given_by) == (None, RoleGiver.DEFAULT)

    set_default = directory.use_cases.set_default_role
    await set_default(tenant.name, Role.MEMBER, actor=ACTOR)
    again = await directory.apply(tenant, idp_user(user_id=user.user_id, version=2, given_name="A"))
    later = await directory.apply(tenant, idp_user("grace@acme.com"))

    assert again.role is None
    assert later.role is Role.MEMBER


async def test_an_older_or_equal_version_changes_nothing(directory: Harness) -> None:
    tenant = await directory.tenant()
    user = await directory.apply(tenant, idp_user(version=5))
    before = len(await directory.outbox())

    for version in (4, 5):
        stale = idp_user("other@acme.com", user_id=user.user_id, version=version, active=False)
        assert await directory.apply(tenant, stale) == user

    assert len(await directory.outbox()) == before


async def test_a_version_without_a_change_is_remembered_but_not_published(
    directory: Harness,
) -> None:
    tenant = await directory.tenant()
    user = await directory.apply(tenant, idp_user(version=1))
    before = len(await directory.outbox())

    again = await directory.apply(tenant, idp_user(user_id=user.user_id, version=2))

    assert (again.version, again.scim_version) == (1, 2)
    assert len(await directory.outbox()) == before


async def test_deactivation_and_return_keep_role_and_groups(directory: Harness) -> None:
    tenant = await directory.tenant()
    user = await directory.apply(tenant, idp_user())
    group = await directory.group(tenant)
    await directory.change_members(tenant, group, added=[user.user_id])
    before = len(await directory.outbox())

    await directory.apply(tenant, idp_user(user_id=user.user_id, version=2, active=False))
    back = await directory.apply(tenant, idp_user(user_id=user.user_id, version=3))

    assert (back.status, back.role) == (UserStatus.ACTIVE, Role.MEMBER)
    assert await directory.members(tenant, group) == {user.user_id}
    assert await directory.published(since=before) == [
        ("directory.user.deactivated.v1", str(user.user_id), None),
        ("directory.user.state.v1", str(user.user_id), 2),
        ("directory.user.reactivated.v1", str(user.user_id), None),
        ("directory.user.state.v1", str(user.user_id), 3),
    ]


async def test_the_name_of_a_soft_deleted_user_is_free(
    directory: Harness,
) -> None:
    tenant = await directory.tenant()
    gone = await directory.apply(tenant, idp_user("ada@acme.com", email="ada@acme.com"))
    renamed = f"{uuid7().hex}ada@acme.com"
    gone = await directory.apply(
        tenant,
        idp_user(renamed, user_id=gone.user_id, version=2, active=False, soft_deleted=True),
    )
    assert (gone.user_name, gone.profile.email) == ("ada@acme.com", "ada@acme.com")
    assert (gone.status, gone.soft_deleted) == (UserStatus.INACTIVE, True)

    successor = await directory.apply(tenant, idp_user("ADA@acme.com"))

    assert successor.user_id != gone.user_id
    assert (await directory.user(tenant, gone.user_id)).user_name == "ada@acme.com"
    async with directory.uow() as work:
        assert await work.users.by_name(tenant.tenant_id, "ada@acme.com") == successor


async def test_a_soft_deleted_user_comes_back_under_its_name(directory: Harness) -> None:
    tenant = await directory.tenant()
    user = await directory.apply(tenant, idp_user())
    renamed = f"{uuid7().hex}ada@acme.com"
    await directory.apply(
        tenant, idp_user(renamed, user_id=user.user_id, version=2, soft_deleted=True)
    )
    back = await directory.apply(tenant, idp_user(user_id=user.user_id, version=3))
    assert (back.status, back.soft_deleted, back.role) == (UserStatus.ACTIVE, False, Role.MEMBER)


async def test_a_known_manual_user_is_adopted_in_place(directory: Harness) -> None:
    tenant = await directory.tenant()
    manual = await directory.manual_user(
        tenant, "ada@acme.com", choice=RoleChoice(Role.TENANT_ADMIN)
    )
    adopted = await directory.apply(tenant, idp_user(user_id=manual.user_id, version=7))
    assert (adopted.origin, adopted.role) == (Origin.SCIM, Role.TENANT_ADMIN)
    assert adopted.version == manual.version + 1


async def test_role_and_groups_of_a_replaced_manual_user_pass_to_the_new_one(
    directory: Harness,
) -> None:
    tenant = await directory.tenant()
    manual = await directory.manual_user(
        tenant, "Ada@acme.com", choice=RoleChoice(Role.TENANT_ADMIN)
    )
    group = await directory.group(tenant)
    await directory.change_members(tenant, group, added=[manual.user_id])
    before = len(await directory.outbox())

    user = await directory.apply(tenant, idp_user("ada@ACME.com"))

    assert user.role is Role.TENANT_ADMIN
    assert await directory.maybe_user(tenant, manual.user_id) is None
    assert await directory.members(tenant, group) == {user.user_id}
    assert await directory.published(since=before) == [
        ("directory.user.deleted.v1", str(manual.user_id), None),
        ("directory.user.created.v1", str(user.user_id), None),
        ("directory.group.members_changed.v1", str(group), None),
        ("directory.user.state.v1", str(manual.user_id), manual.version + 1),
        ("directory.user.state.v1", str(user.user_id), 1),
    ]
    assert None in await directory.data("directory.user.state.v1")
    assert "user.adopted" in await directory.actions(tenant)


async def test_two_users_of_the_provider_cannot_have_one_name(directory: Harness) -> None:
    tenant = await directory.tenant()
    await directory.apply(tenant, idp_user("ada@acme.com"))
    with pytest.raises(ConflictError, match="redrive"):
        await directory.apply(tenant, idp_user("ada@acme.com"))


async def test_a_deleted_user_leaves_a_tombstone_and_no_memberships(directory: Harness) -> None:
    tenant = await directory.tenant()
    user = await directory.apply(tenant, idp_user())
    group = await directory.group(tenant)
    await directory.change_members(tenant, group, added=[user.user_id])
    before = len(await directory.outbox())

    for _ in range(2):
        await directory.event_use_cases.delete_scim_user(tenant.tenant_id, user.user_id)

    assert await directory.members(tenant, group) == set()
    assert await directory.published(since=before) == [
        ("directory.user.deleted.v1", str(user.user_id), None),
        ("directory.user.state.v1", str(user.user_id), 2),
    ]
    assert (await directory.data("directory.user.state.v1"))[-1] is None


async def test_an_unknown_tenant_is_refused_and_nothing_is_kept(directory: Harness) -> None:
    with pytest.raises(NotFoundError):
        await directory.event_use_cases.apply_scim_user(uuid7(), idp_user())
    assert list(await directory.outbox()) == []


async def test_what_fails_in_the_middle_never_happened(directory: Harness) -> None:
    tenant = await directory.tenant()
    user = await directory.apply(tenant, idp_user())
    before = await directory.published()

    async def interrupted() -> None:
        async with directory.uow() as work:
            await work.users.remove(tenant.tenant_id, user.user_id)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await interrupted()
    assert await directory.user(tenant, user.user_id) == user
    assert await directory.published() == before


async def test_administrators_change_the_status_of_manual_users_only(directory: Harness) -> None:
    tenant = await directory.tenant()
    manual = await directory.manual_user(tenant, "manual@acme.com")
    await directory.apply(tenant, idp_user("ada@acme.com"))
    set_status = directory.use_cases.set_user_status

    inactive = await set_status("acme", "MANUAL@acme.com", UserStatus.INACTIVE, actor=ACTOR)
    assert inactive.status is UserStatus.INACTIVE
    active = await set_status("acme", str(manual.user_id), UserStatus.ACTIVE, actor=ACTOR)
    assert active.status is UserStatus.ACTIVE
    with pytest.raises(ForbiddenError, match="Entra"):
        await set_status("acme", "ada@acme.com", UserStatus.INACTIVE, actor=ACTOR)


async def test_an_administrator_changes_any_role_and_the_provider_never_does(
    directory: Harness,
) -> None:
    tenant = await directory.tenant()
    user = await directory.apply(tenant, idp_user())
    before = len(await directory.outbox())
    set_role = directory.use_cases.set_role

    for _ in range(2):
        await set_role("acme", "ada@acme.com", Role.TENANT_ADMIN, actor=ACTOR)
    after = await directory.apply(tenant, idp_user(user_id=user.user_id, version=2, active=False))

    assert after.role is Role.TENANT_ADMIN
    published = [kind for kind, _, _ in await directory.published(since=before)]
    assert published.count("directory.user.role_changed.v1") == 1
    assert (await directory.data("directory.user.role_changed.v1"))[0]["previous_role"] == "member"


async def test_of_users_made_at_once_under_one_name_one_wins(directory: Harness) -> None:
    tenant = await directory.tenant()
    results = await asyncio.gather(
        *(directory.manual_user(tenant, "ada@acme.com") for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, ConflictError) for result in results) == 3


async def test_tenants_never_see_one_another(directory: Harness) -> None:
    acme, bolt = await directory.tenant("acme"), await directory.tenant("bolt")
    user = await directory.apply(acme, idp_user("ada@same.com"))
    twin = await directory.apply(bolt, idp_user("ada@same.com", user_id=user.user_id))

    await directory.event_use_cases.delete_scim_user(acme.tenant_id, user.user_id)

    assert await directory.maybe_user(acme, user.user_id) is None
    assert await directory.user(bolt, user.user_id) == twin
    with pytest.raises(NotFoundError):
        await directory.use_cases.set_role("acme", str(user.user_id), None, actor=ACTOR)


async def test_a_list_is_complete_across_pages(
    directory: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenant_directory.usecases.paging.PAGE_SIZE", 3)
    tenant, other = await directory.tenant(), await directory.tenant("other")
    await directory.apply(other, idp_user("spy@acme.com"))
    names = [f"user{number}@acme.com" for number in range(9)]
    for name in names:
        await directory.apply(tenant, idp_user(name))
    listed = [
        each.user.user_name async for each in directory.use_cases.list_users(tenant.tenant_id)
    ]
    assert listed == names
