"""What every storage of groups promises."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.ids import uuid7
from conformance.scim.harness import NOW, Storage, group, log_entry, user
from scim.domain.group import Group, GroupChange
from scim.domain.query import Equals, Field, Page
from scim.usecases.ports import NameTaken, UnknownMembers

LATER = NOW + timedelta(minutes=1)


async def people(storage: Storage, tenant: UUID, count: int) -> list[UUID]:
    made = [user(f"u{number}-{uuid7()}@x") for number in range(count)]
    for each in made:
        await storage.users.add(each, at=NOW, entry=log_entry(tenant))
    return sorted(each.id for each in made)


async def made(storage: Storage, tenant: UUID, name: str, *members: UUID) -> Group:
    new = group(name, "external")
    await storage.groups.add(new, members, at=NOW, entry=log_entry(tenant))
    return new


async def change(storage: Storage, tenant: UUID, of: Group, **values: Any) -> bool:
    return await storage.groups.change(
        of.id,
        GroupChange(**values),
        at=LATER,
        entry=log_entry(tenant),
    )


async def members(storage: Storage, tenant: UUID, of: Group) -> list[UUID]:
    record = await storage.groups.get(tenant, of.id, with_members=True)
    assert record is not None
    assert record.members is not None
    return sorted(record.members)


async def moves(storage: Storage, tenant: UUID) -> list[tuple[list[str], list[str]]]:
    return [
        (sorted(data["added"]), sorted(data["removed"]))
        for kind, data in await storage.events(tenant)
        if kind == "scim.group.members_changed.v1"
    ]


async def test_a_group_is_stored_with_its_members(storage: Storage, tenant: UUID) -> None:
    ann, bob = await people(storage, tenant, 2)
    request = log_entry(tenant)
    sales = group("Sales")
    record = await storage.groups.add(sales, [bob, ann], at=NOW, entry=request)
    assert request.logged
    assert await storage.groups.get(tenant, sales.id, with_members=True) == record
    slim = await storage.groups.get(tenant, sales.id, with_members=False)
    assert slim is not None
    assert (slim.group, slim.members) == (sales, None)
    kinds = [kind for kind, _ in await storage.events(tenant)][2:]
    assert kinds == ["scim.group.created.v1", "scim.group.members_changed.v1"]
    assert await moves(storage, tenant) == [([str(ann), str(bob)], [])]


async def test_only_what_really_changed_is_announced(storage: Storage, tenant: UUID) -> None:
    ann, bob, cai = await people(storage, tenant, 3)
    sales = await made(storage, tenant, "Sales", ann)
    assert await change(storage, tenant, sales, add=(ann, bob))
    assert await change(storage, tenant, sales, remove=(ann, cai))
    assert await change(storage, tenant, sales, add=(cai,), remove=(bob,))
    assert await change(storage, tenant, sales, add=(cai,))
    assert await change(storage, tenant, sales, remove=(uuid7(),))
    assert await change(storage, tenant, sales, clear_members=True, add=(cai, ann))
    assert await change(storage, tenant, sales, clear_members=True)
    assert await change(storage, tenant, sales, clear_members=True)
    assert await change(storage, tenant, sales)
    assert await members(storage, tenant, sales) == []
    assert await moves(storage, tenant) == [
        ([str(ann)], []),
        ([str(bob)], []),
        ([], [str(ann)]),
        ([str(cai)], [str(bob)]),
        ([str(ann)], []),
        ([], sorted([str(ann), str(cai)])),
    ]


async def test_a_rename_is_announced_with_its_version(storage: Storage, tenant: UUID) -> None:
    sales = await made(storage, tenant, "Sales")
    assert await change(storage, tenant, sales, display_name="Sellers")
    assert await change(storage, tenant, sales, display_name="Sellers")
    assert await change(storage, tenant, sales, changes_external_id=True)
    record = await storage.groups.get(tenant, sales.id, with_members=False)
    assert record is not None
    assert record.group == Group(sales.id, 3, "Sellers", None)
    assert (record.created_at, record.updated_at) == (NOW, LATER)
    updates = [d["group"] for kind, d in await storage.events(tenant) if "updated" in kind]
    assert [(g["version"], g["display_name"]) for g in updates] == [(2, "Sellers"), (3, "Sellers")]


async def test_a_refused_change_leaves_nothing_behind(storage: Storage, tenant: UUID) -> None:
    ann, bob = await people(storage, tenant, 2)
    sales, other = await made(storage, tenant, "Sales", ann), await made(storage, tenant, "Other")
    events, stranger = await storage.events(tenant), uuid7()
    with pytest.raises(UnknownMembers) as unknown:
        await change(storage, tenant, sales, display_name="X", add=(bob, stranger), remove=(ann,))
    assert (unknown.value.ids, unknown.value.total) == ([stranger], 1)
    with pytest.raises(UnknownMembers):
        await change(storage, tenant, sales, add=(bob, stranger))
    with pytest.raises(NameTaken):
        await change(storage, tenant, sales, display_name="OTHER", add=(bob,), remove=(ann,))
    with pytest.raises(NameTaken):
        await made(storage, tenant, "sales", ann)
    with pytest.raises(UnknownMembers):
        await made(storage, tenant, "New", ann, stranger)
    assert await storage.events(tenant) == events
    assert await members(storage, tenant, sales) == [ann]
    assert await members(storage, tenant, other) == []


async def test_changes_at_once_keep_one_another(storage: Storage, tenant: UUID) -> None:
    ids = await people(storage, tenant, 24)
    go, come = ids[:12], ids[12:]
    sales = await made(storage, tenant, "Sales", *go)
    await asyncio.gather(
        *(change(storage, tenant, sales, remove=(id,)) for id in go[:6]),
        *(change(storage, tenant, sales, add=(id,)) for id in come[:6]),
        *(
            change(storage, tenant, sales, remove=(old,), add=(new,))
            for old, new in zip(go[6:], come[6:], strict=True)
        ),
    )
    assert await members(storage, tenant, sales) == sorted(come)
    seen: set[str] = set()
    for added, removed in await moves(storage, tenant):
        seen = seen - {*removed} | {*added}
    assert seen == {str(id) for id in come}


async def test_replacements_at_once_leave_one_of_them(storage: Storage, tenant: UUID) -> None:
    ids = await people(storage, tenant, 12)
    sales = await made(storage, tenant, "Sales")
    for _ in range(5):
        halves = [tuple(ids[:6]), tuple(ids[6:])]
        await asyncio.gather(
            *(change(storage, tenant, sales, clear_members=True, add=half) for half in halves * 3)
        )
        assert tuple(await members(storage, tenant, sales)) in halves


async def test_removal_takes_memberships_along(storage: Storage, tenant: UUID) -> None:
    [ann] = await people(storage, tenant, 1)
    sales, other = await made(storage, tenant, "S", ann), await made(storage, tenant, "O", ann)
    assert await storage.groups.remove(sales.id, at=NOW, entry=log_entry(tenant))
    assert not await storage.groups.remove(sales.id, at=NOW, entry=log_entry(tenant))
    assert await storage.groups.get(tenant, sales.id, with_members=True) is None
    assert not await change(storage, tenant, sales, add=(ann,))
    assert not await change(storage, tenant, sales, display_name="X")
    kind, data = (await storage.events(tenant))[-1]
    assert (kind, data["display_name"]) == ("scim.group.deleted.v1", "S")
    await storage.users.remove(ann, at=NOW, entry=log_entry(tenant))
    assert await members(storage, tenant, other) == []


async def test_tenants_do_not_see_one_another(storage: Storage, tenant: UUID) -> None:
    stranger = uuid7()
    [ann], [foreign] = await people(storage, tenant, 1), await people(storage, stranger, 1)
    sales = await made(storage, tenant, "Sales", ann)
    assert await storage.groups.get(stranger, sales.id, with_members=True) is None
    assert not await change(storage, stranger, sales, add=(foreign,))
    assert not await storage.groups.remove(sales.id, at=NOW, entry=log_entry(stranger))
    with pytest.raises(UnknownMembers):
        await change(storage, tenant, sales, add=(foreign,))
    await made(storage, stranger, "Sales", foreign)
    assert await members(storage, tenant, sales) == [ann]


async def test_every_clause_finds_what_it_says(storage: Storage, tenant: UUID) -> None:
    ann, bob = await people(storage, tenant, 2)
    sales = await made(storage, tenant, "Sales", ann)
    await made(storage, tenant, "Other", bob)
    for wanted, shown in (
        ((Equals(Field.ID, sales.id),), ["Sales"]),
        ((Equals(Field.DISPLAY_NAME, "sales"),), ["Sales"]),
        ((Equals(Field.EXTERNAL_ID, "external"),), ["Sales", "Other"]),
        ((Equals(Field.MEMBER, ann),), ["Sales"]),
        ((Equals(Field.ID, sales.id), Equals(Field.MEMBER, ann)), ["Sales"]),
        ((Equals(Field.ID, sales.id), Equals(Field.MEMBER, bob)), []),
        ((Equals(Field.MEMBER, ann), Equals(Field.MEMBER, bob)), []),
        ((Equals(Field.MEMBER, ann), Equals(Field.MEMBER, ann)), ["Sales"]),
        ((Equals(Field.DISPLAY_NAME, "none"),), []),
        ((), ["Sales", "Other"]),
    ):
        found = await storage.groups.find(tenant, wanted, Page(1, 10), with_members=True)
        assert [record.group.display_name for record in found.records] == shown, wanted
        assert found.total == len(shown)
        assert all(record.members is not None for record in found.records)
    second = await storage.groups.find(tenant, (), Page(2, 1), with_members=False)
    assert (second.total, second.records[0].group.display_name) == (2, "Other")
    assert second.records[0].members is None


async def test_one_group_in_many_members_filter(storage: Storage, tenant: UUID) -> None:
    ann, bob = await people(storage, tenant, 2)
    await made(storage, tenant, "Both", ann, bob)
    await made(storage, tenant, "One", ann)
    wanted = (Equals(Field.MEMBER, ann), Equals(Field.MEMBER, bob))
    found = await storage.groups.find(tenant, wanted, Page(1, 10), with_members=False)
    assert [record.group.display_name for record in found.records] == ["Both"]
