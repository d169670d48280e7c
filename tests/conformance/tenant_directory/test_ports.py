"""What use cases may assume of the ports, the same in memory and in PostgreSQL."""

import asyncio
from dataclasses import replace

import pytest

from chassis.ids import uuid7
from conformance.tenant_directory.harness import ACTOR, Harness, idp_user
from tenant_directory.domain.changes import TenantUpdated
from tenant_directory.usecases.ports import LOWEST_ID, ConcurrentChangeError, UserLookup


async def test_a_look_up_finds_the_user_and_whoever_else_has_the_name(directory: Harness) -> None:
    tenant, other = await directory.tenant(), await directory.tenant("other")
    ada = await directory.apply(tenant, idp_user("ada@acme.com"))
    bob = await directory.apply(tenant, idp_user("bob@acme.com"))
    async with directory.uow() as work:
        find = work.users.find
        tenant_id, ada_id = tenant.tenant_id, ada.user_id
        assert await find(tenant_id, ada_id, "bob@acme.com") == UserLookup(tenant, ada, bob)
        assert await find(tenant_id, ada_id, "ada@acme.com") == UserLookup(tenant, ada, None)
        assert await find(tenant_id, ada_id, None) == UserLookup(tenant, ada, None)
        assert await find(tenant_id, uuid7(), "x@acme.com") == UserLookup(tenant, None, None)
        assert await find(other.tenant_id, ada_id, "bob@acme.com") == UserLookup(other, None, None)
        assert await find(uuid7(), ada_id, "bob@acme.com") == UserLookup(None, None, None)


async def test_a_user_cannot_be_saved_under_a_name_that_another_has(directory: Harness) -> None:
    tenant = await directory.tenant()
    await directory.apply(tenant, idp_user("ada@acme.com"))
    bob = await directory.apply(tenant, idp_user("bob@acme.com"))

    async def save(name: str) -> None:
        async with directory.uow() as work:
            await work.users.save(replace(bob, user_name=name))

    with pytest.raises(ConcurrentChangeError):
        await save("ADA@acme.com")
    assert await directory.user(tenant, bob.user_id) == bob


async def test_members_are_changed_as_sets_and_only_real_changes_are_returned(
    directory: Harness,
) -> None:
    tenant = await directory.tenant()
    group = await directory.group(tenant)
    ada, bob = [
        (await directory.apply(tenant, idp_user(f"{name}@acme.com"))).user_id
        for name in ("ada", "bob")
    ]
    stranger = uuid7()
    async with directory.uow() as work:
        change = work.groups.change_members
        first = await change(tenant.tenant_id, group, add=[ada, bob, stranger], remove=[])
        second = await change(tenant.tenant_id, group, add=[ada], remove=[bob, stranger])
        nowhere = await change(tenant.tenant_id, uuid7(), add=[ada], remove=[])
    assert (first.group_exists, list(first.unknown)) == (True, [stranger])
    assert (set(first.added), list(first.removed)) == ({ada, bob}, [])
    assert (list(second.added), list(second.removed)) == ([], [bob])
    assert (nowhere.group_exists, list(nowhere.added)) == (False, [])


async def test_a_display_name_lists_ten_groups_at_most(directory: Harness) -> None:
    tenant = await directory.tenant()
    for _ in range(12):
        await directory.group(tenant, "Sales")
    async with directory.uow() as work:
        assert len(await work.groups.named(tenant.tenant_id, "sales")) == 10


async def test_a_removed_user_leaves_its_groups_and_a_removed_group_its_users(
    directory: Harness,
) -> None:
    tenant = await directory.tenant()
    user = (await directory.apply(tenant, idp_user())).user_id
    kept, removed = await directory.group(tenant, "A"), await directory.group(tenant, "B")
    for group in (kept, removed):
        await directory.change_members(tenant, group, added=[user])
    async with directory.uow() as work:
        await work.groups.remove(tenant.tenant_id, removed)
        groups = await work.users.groups_of(tenant.tenant_id, user)
        assert [group.group_id for group in groups] == [kept]
        assert list(await work.users.remove(tenant.tenant_id, user)) == [kept]
        assert list(await work.users.remove(tenant.tenant_id, user)) == []
        page = await work.groups.page(tenant.tenant_id, after=LOWEST_ID, limit=10)
        assert [(each.group.group_id, each.members) for each in page] == [(kept, 0)]


async def test_the_change_log_is_read_newest_first_and_by_tenant(directory: Harness) -> None:
    tenant, other = await directory.tenant(), await directory.tenant("other")
    for enabled in (True, False, True):
        await directory.use_cases.set_invitations("acme", enabled, actor=ACTOR)
    async with directory.uow() as work:
        page = work.change_log.page
        newest = await page(tenant.tenant_id, before=None, limit=2)
        older = await page(tenant.tenant_id, before=newest[-1].id, limit=10)
        assert len(await page(other.tenant_id, before=None, limit=10)) == 1
    changed = [record.details["invitations_enabled"]["to"] for record in newest]
    assert changed == [True, False]
    assert [record.action for record in older] == ["tenant.updated", "tenant.created"]


async def test_what_is_read_is_locked_until_the_unit_of_work_ends(directory: Harness) -> None:
    tenant = await directory.tenant()

    async def rename_with_a_pause() -> None:
        async with directory.uow() as work:
            before = await work.tenants.by_id(tenant.tenant_id)
            assert before is not None
            await asyncio.sleep(0.05)
            after = before.with_invitations(not before.invitations_enabled, before.updated_at)
            await work.tenants.save(after)
            change = TenantUpdated(before, after)
            await work.change_log.record(tenant.tenant_id, [change], actor=ACTOR)

    await asyncio.gather(*(rename_with_a_pause() for _ in range(3)))
    assert (await directory.use_cases.get_tenant("acme")).version == 4
