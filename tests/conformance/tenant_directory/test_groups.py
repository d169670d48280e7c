"""Groups and memberships, the same in memory and in PostgreSQL."""

import random
import string

import pytest

from chassis.ids import uuid7
from conformance.tenant_directory.harness import Harness, idp_user
from kernel.errors import ConflictError, InvalidError, NotFoundError
from kernel.limits import MAX_NAME_BYTES, RECYCLE_BIN_BYTES
from tenant_directory.domain.group import IdpGroup


async def test_a_group_is_created_renamed_and_deleted(directory: Harness) -> None:
    tenant = await directory.tenant()
    before = len(await directory.outbox())
    group = await directory.group(tenant, "Sales")
    apply = directory.event_use_cases.apply_scim_group
    for version, name in ((3, "Sales EU"), (2, "stale"), (4, "Sales EU")):
        await apply(tenant.tenant_id, IdpGroup(group, version, name, None))
    for _ in range(2):
        await directory.event_use_cases.delete_scim_group(tenant.tenant_id, group)

    assert [kind for kind, _, _ in await directory.published(since=before)] == [
        "directory.group.created.v1",
        "directory.group.updated.v1",
        "directory.group.deleted.v1",
    ]
    [updated] = await directory.data("directory.group.updated.v1")
    assert (updated["group"]["display_name"], updated["group"]["version"]) == ("Sales EU", 2)


async def test_only_members_that_really_changed_are_published(directory: Harness) -> None:
    tenant = await directory.tenant()
    group = await directory.group(tenant)
    ada, bob, cy = [
        (await directory.apply(tenant, idp_user(f"{name}@acme.com"))).user_id for name in "abc"
    ]
    change = directory.event_use_cases.change_scim_members
    await change(tenant.tenant_id, group, added=[ada, bob], removed=[])
    await change(tenant.tenant_id, group, added=[bob, cy], removed=[ada, uuid7()])
    await change(tenant.tenant_id, group, added=[cy], removed=[ada])

    assert await directory.members(tenant, group) == {bob, cy}
    first, second = await directory.data("directory.group.members_changed.v1")
    assert (set(first["added"]), first["removed"]) == ({str(ada), str(bob)}, [])
    assert (second["added"], second["removed"]) == ([str(cy)], [str(ada)])


async def test_an_unknown_group_or_member_is_refused_and_nothing_is_changed(
    directory: Harness,
) -> None:
    tenant, other = await directory.tenant(), await directory.tenant("other")
    group = await directory.group(tenant)
    ada = (await directory.apply(tenant, idp_user())).user_id
    foreign = (await directory.apply(other, idp_user())).user_id
    before = len(await directory.outbox())
    change = directory.event_use_cases.change_scim_members

    with pytest.raises(NotFoundError, match=str(foreign)):
        await change(tenant.tenant_id, group, added=[ada, foreign], removed=[])
    with pytest.raises(NotFoundError, match="group"):
        await change(other.tenant_id, group, added=[foreign], removed=[])
    with pytest.raises(NotFoundError, match="tenant"):
        await directory.event_use_cases.apply_scim_group(
            uuid7(), IdpGroup(uuid7(), 1, "Sales", None)
        )

    assert await directory.members(tenant, group) == set()
    assert len(await directory.outbox()) == before


async def test_leaving_a_deleted_group_changes_nothing_and_is_no_error(
    directory: Harness,
) -> None:
    # Removals and the group's deletion that meet at the SCIM service may be numbered crosswise.
    tenant = await directory.tenant()
    group = await directory.group(tenant)
    ada = (await directory.apply(tenant, idp_user())).user_id
    change = directory.event_use_cases.change_scim_members
    await change(tenant.tenant_id, group, added=[ada], removed=[])
    await directory.event_use_cases.delete_scim_group(tenant.tenant_id, group)
    before = len(await directory.outbox())

    await change(tenant.tenant_id, group, added=[], removed=[ada])

    assert len(await directory.outbox()) == before


async def test_thousands_of_members_are_one_change(
    directory: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenant_directory.usecases.paging.PAGE_SIZE", 100)
    tenant = await directory.tenant()
    group = await directory.group(tenant)
    ids = [
        (await directory.apply(tenant, idp_user(f"u{number}@acme.com"))).user_id
        for number in range(250)
    ]
    await directory.change_members(tenant, group, added=ids)

    listing = directory.use_cases.list_members(tenant.tenant_id, group)
    assert [member.user_id async for member in listing] == sorted(ids)
    [summary] = [each async for each in directory.use_cases.list_groups(tenant.tenant_id)]
    assert (summary.group.group_id, summary.members) == (group, 250)
    assert len(await directory.data("directory.group.members_changed.v1")) == 1


async def test_a_group_is_found_by_name_unless_the_name_is_ambiguous(directory: Harness) -> None:
    tenant = await directory.tenant()
    group = await directory.group(tenant, "Sales")
    show = directory.use_cases.get_group
    assert (await show("acme", "SALES")).group_id == group
    assert (await show("acme", str(group))).group_id == group

    await directory.group(tenant, "sales")
    with pytest.raises(ConflictError, match=str(group)):
        await show("acme", "Sales")
    with pytest.raises(NotFoundError):
        await show("acme", "Marketing")


async def test_group_names_are_compared_as_the_scim_service_compares_them(
    directory: Harness,
) -> None:
    tenant = await directory.tenant()
    street = await directory.group(tenant, "STRASSE")
    cafe = await directory.group(tenant, "Cafe\u0301 İ" + "x" * 300)
    async with directory.uow() as work:
        for name, group_id in (("straße", street), ("CAF\u00c9 i\u0307" + "X" * 300, cafe)):
            [found] = await work.groups.named(tenant.tenant_id, name)
            assert found.group_id == group_id


async def test_the_longest_name_is_stored_and_a_longer_one_refused(directory: Harness) -> None:
    tenant = await directory.tenant()
    text = random_text(MAX_NAME_BYTES)
    await directory.group(tenant, text)
    await directory.apply(tenant, idp_user(text))
    deleted = idp_user("0" * RECYCLE_BIN_BYTES + text, active=False, soft_deleted=True)
    assert (await directory.apply(tenant, deleted)).soft_deleted
    for name in (text + "x", "ß" * (MAX_NAME_BYTES // 2) + "x", "\u0130" * 800):
        with pytest.raises(InvalidError, match="shorten it"):
            await directory.group(tenant, name)
        with pytest.raises(InvalidError, match="shorten it"):
            await directory.apply(tenant, idp_user(name))


def random_text(length: int) -> str:
    """Return letters that no compression makes shorter."""
    return "".join(random.Random(7).choices(string.ascii_lowercase + string.digits, k=length))
