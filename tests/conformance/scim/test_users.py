"""What every storage of users promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import cast
from uuid import UUID

import orjson
import pytest

from chassis.ids import uuid7
from chassis.testing import FixedClock
from conformance.scim.harness import NOW, Storage, log_entry, user
from scim.domain.errors import ScimError, invalid_value
from scim.domain.query import IMPOSSIBLE_ID, Equals, Field, Filter, Page, Unindexed
from scim.domain.user import ENTERPRISE_URN, User
from scim.usecases.ports import NameTaken, Users
from scim.usecases.recent_users import RecentUsers
from scim.usecases.users import ChangeUser, Edit, FindUsers, GetUser

ALL = Page(1, 100)
LATER = NOW + timedelta(minutes=1)


def adding(name: str) -> Edit:
    return lambda document: {**document, name: name}


async def names(storage: Storage, tenant: UUID, wanted: Filter = (), page: Page = ALL) -> list[str]:
    found = await storage.users.find(tenant, wanted, page)
    assert found.total >= len(found.records)
    return [orjson.loads(record.document)["userName"] for record in found.records]


async def test_a_user_is_stored_announced_and_logged(storage: Storage, tenant: UUID) -> None:
    ann, request = user("Ann@x"), log_entry(tenant, "user.create", status=201)
    record = await storage.users.add(ann, at=NOW, entry=request)
    assert (record.id, record.version, record.created_at) == (ann.id, 1, NOW)
    assert await storage.users.get(tenant, ann.id) == record
    stored = await storage.users.load(tenant, ann.id)
    assert stored is not None
    assert (stored.user, stored.created_at, stored.adopted) == (ann, NOW, True)
    [(kind, data)] = await storage.events(tenant)
    assert (kind, data["user"]["user_name"]) == ("scim.user.created.v1", "Ann@x")
    assert request.logged
    [entry] = await storage.entries.newest(tenant, since=NOW, errors=False, limit=9)
    assert (entry.endpoint, entry.status, entry.resource_name) == ("user.create", 201, "Ann@x")


async def test_a_name_is_given_once_even_in_a_race(storage: Storage, tenant: UUID) -> None:
    adding = [
        storage.users.add(user(name), at=NOW, entry=log_entry(tenant))
        for name in ["Ann@x", "ANN@x"] * 10
    ]
    results = await asyncio.gather(*adding, return_exceptions=True)
    assert sum(isinstance(result, NameTaken) for result in results) == 19
    assert len(await names(storage, tenant)) == 1
    assert len(await storage.events(tenant)) == 1
    assert len(await storage.entries.newest(tenant, since=NOW, errors=False, limit=99)) == 1


async def test_a_replacement_needs_the_version_that_was_read(
    storage: Storage, tenant: UUID
) -> None:
    ann = user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    stored = await storage.users.load(tenant, ann.id)
    assert stored is not None
    changed = ann.changed_to({"userName": "ann@x", "active": False})
    record = await storage.users.replace(stored, changed, at=LATER, entry=log_entry(tenant))
    assert record is not None
    assert (record.version, record.created_at, record.updated_at) == (2, NOW, LATER)
    stale = log_entry(tenant)
    assert await storage.users.replace(stored, changed, at=LATER, entry=stale) is None
    assert not stale.logged
    assert [kind for kind, _ in await storage.events(tenant)] == [
        "scim.user.created.v1",
        "scim.user.updated.v1",
    ]


async def test_edits_at_once_are_all_there_in_the_end(storage: Storage, tenant: UUID) -> None:
    ann = user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    change = ChangeUser(storage.users, FixedClock(LATER))
    attributes = [f"attribute{number}" for number in range(8)]
    await asyncio.gather(*(change(ann.id, adding(name), log_entry(tenant)) for name in attributes))
    stored = await storage.users.load(tenant, ann.id)
    assert stored is not None
    assert stored.user.document.keys() >= {*attributes}
    assert stored.user.version == 9


async def test_a_name_in_use_changes_nothing(storage: Storage, tenant: UUID) -> None:
    ann, bob = user("ann@x"), user("bob@x")
    for each in (ann, bob):
        await storage.users.add(each, at=NOW, entry=log_entry(tenant))
    events = await storage.events(tenant)
    request = log_entry(tenant)
    with pytest.raises(ScimError, match="exists already"):
        await ChangeUser(storage.users, FixedClock(LATER))(
            bob.id, lambda d: {**d, "userName": "ANN@x"}, request
        )
    assert not request.logged
    assert await storage.events(tenant) == events
    assert await names(storage, tenant) == ["ann@x", "bob@x"]


async def test_removal_takes_memberships_along(storage: Storage, tenant: UUID) -> None:
    ann = user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    request = log_entry(tenant)
    assert await storage.users.remove(ann.id, at=NOW, entry=request)
    assert request.logged
    assert not await storage.users.remove(ann.id, at=NOW, entry=log_entry(tenant))
    kind, data = (await storage.events(tenant))[-1]
    assert (kind, data) == (
        "scim.user.deleted.v1",
        {"user_id": str(ann.id), "user_name": "ann@x"},
    )
    again = replace(ann, id=uuid7())
    await storage.users.add(again, at=NOW, entry=log_entry(tenant))


async def test_tenants_do_not_see_one_another(storage: Storage, tenant: UUID) -> None:
    other, ann = uuid7(), user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    assert await storage.users.get(other, ann.id) is None
    assert await storage.users.load(other, ann.id) is None
    assert not await storage.users.remove(ann.id, at=NOW, entry=log_entry(other))
    assert await names(storage, other) == []
    await storage.users.add(user("ANN@x"), at=NOW, entry=log_entry(other))
    stored = await storage.users.load(tenant, ann.id)
    assert stored is not None
    changed = ann.changed_to({"userName": "stolen@x"})
    assert await storage.users.replace(stored, changed, at=NOW, entry=log_entry(other)) is None
    assert await names(storage, tenant) == ["ann@x"]


def clauses(ann: User) -> list[Filter]:
    return [
        (Equals(Field.ID, ann.id),),
        (Equals(Field.USER_NAME, "ann@x"),),
        (Equals(Field.EXTERNAL_ID, "E1"),),
        (Equals(Field.DISPLAY_NAME, "ann o."),),
        (Equals(Field.EMAIL, "home@x"),),
        (Equals(Field.WORK_EMAIL, "work@x"),),
        (Equals(Field.MANAGER, "boss"),),
        (Equals(Field.MANAGER, "boss"), Equals(Field.ACTIVE, False)),
        (Equals(Field.ID, ann.id), Equals(Field.MANAGER, "boss")),
        (Equals(Field.EMAIL, "work@x"), Equals(Field.USER_NAME, "ann@x")),
        (Equals(Field.EXTERNAL_ID, "E1"), Equals(Field.WORK_EMAIL, "work@x")),
        (Equals(Field.ID, ann.id), Equals(Field.ID, ann.id)),
    ]


async def test_every_clause_finds_what_it_says(storage: Storage, tenant: UUID) -> None:
    ann = user(
        "Ann@x",
        active=False,
        externalId="E1",
        displayName="Ann O.",
        emails=[{"value": "Work@x", "type": "work"}, {"value": "Home@x", "type": "home"}],
        **{ENTERPRISE_URN: {"manager": {"value": "boss"}}},
    )
    for each in (ann, user("bob@x", externalId="e1"), user("cai@x")):
        await storage.users.add(each, at=NOW, entry=log_entry(tenant))
    for wanted in clauses(ann):
        assert await names(storage, tenant, wanted) == ["Ann@x"], wanted
    for nothing in (
        (Equals(Field.ID, IMPOSSIBLE_ID),),
        (Equals(Field.ID, ann.id), Equals(Field.ACTIVE, True)),
        (Equals(Field.ID, ann.id), Equals(Field.ID, IMPOSSIBLE_ID)),
        (Equals(Field.EMAIL, "none@x"),),
        (Equals(Field.EXTERNAL_ID, "E1"), Equals(Field.EXTERNAL_ID, "e1")),
    ):
        assert await names(storage, tenant, nothing) == [], nothing
    assert await names(storage, tenant, (Equals(Field.ACTIVE, True),)) == ["bob@x", "cai@x"]
    both = (Equals(Field.EMAIL, "work@x"), Equals(Field.EMAIL, "home@x"))
    assert await names(storage, tenant, both) == ["Ann@x"]


async def test_attributes_without_an_index_are_found_in_the_documents(
    storage: Storage, tenant: UUID
) -> None:
    phones = [{"value": "+1", "type": "work"}, {"value": "+2", "type": "mobile"}]
    ann = user(
        "ann@x",
        title="Éclair Chef",
        name={"givenName": "Ann"},
        phoneNumbers=phones,
        **{ENTERPRISE_URN: {"employeeNumber": "E1", "manager": {"value": "boss"}}},
    )
    for each in (ann, user("bob@x", title="CTO", phoneNumbers=phones[:1]), user("cai@x")):
        await storage.users.add(each, at=NOW, entry=log_entry(tenant))
    await storage.users.add(user("ann@x", title="CTO"), at=NOW, entry=log_entry(uuid7()))
    mobile = Unindexed(("phoneNumbers", "value"), type="mobile")
    for place, value, found in (
        (Unindexed(("title",)), "éclair chef", ["ann@x"]),
        (Unindexed(("title",)), "cto", ["bob@x"]),
        (Unindexed(("title",), case_exact=True), "cto", []),
        (Unindexed(("title",), case_exact=True), "CTO", ["bob@x"]),
        (Unindexed(("title",)), "", []),
        (Unindexed(("name", "givenName")), "ann", ["ann@x"]),
        (Unindexed((ENTERPRISE_URN, "employeeNumber")), "e1", ["ann@x"]),
        (mobile, "+2", ["ann@x"]),
        (mobile, "+1", []),
        (Unindexed(("phoneNumbers", "value"), type='" || true'), "+1", []),
        (Unindexed(("phoneNumbers", "value")), "+1", ["ann@x", "bob@x"]),
    ):
        assert await names(storage, tenant, (Equals(place, value),)) == found, (place, value)
    both = (Equals(Unindexed(("title",)), "cto"), Equals(Field.ACTIVE, True))
    assert await names(storage, tenant, both) == ["bob@x"]


async def test_pages_are_stable_and_know_the_total(storage: Storage, tenant: UUID) -> None:
    for number in range(7):
        await storage.users.add(
            user(f"u{number}@x", externalId="same"), at=NOW, entry=log_entry(tenant)
        )
    for wanted in ((), (Equals(Field.EXTERNAL_ID, "same"),), (Equals(Field.ACTIVE, True),)):
        for start, count, shown in (
            (1, 3, "012"),
            (4, 3, "345"),
            (7, 3, "6"),
            (9, 3, ""),
            (1, 0, ""),
        ):
            found = await storage.users.find(tenant, wanted, Page(start, count))
            assert found.total == 7
            page = [orjson.loads(record.document)["userName"][1] for record in found.records]
            assert "".join(page) == shown


async def test_c1_each_of_several_work_addresses_finds_its_user(
    storage: Storage, tenant: UUID
) -> None:
    ann = user(
        "ann@x",
        externalId="E",
        emails=[
            {"type": "work", "value": "1@x"},
            {"type": "Work", "value": "Two@x"},
            {"type": "home", "value": "home@x"},
        ],
    )
    for each in (ann, user("bob@x", emails=[{"type": "work", "value": "bob@x"}])):
        await storage.users.add(each, at=NOW, entry=log_entry(tenant))
    for key, found in (
        ("1@x", ["ann@x"]),
        ("two@x", ["ann@x"]),
        ("home@x", []),
        ("bob@x", ["bob@x"]),
    ):
        work = Equals(Field.WORK_EMAIL, key)
        assert await names(storage, tenant, (work,)) == found
        others = (
            Equals(Field.ID, ann.id),
            Equals(Field.USER_NAME, "ann@x"),
            Equals(Field.EXTERNAL_ID, "E"),
        )
        for other in others:
            assert await names(storage, tenant, (work, other)) == [n for n in found if n == "ann@x"]
    assert await names(storage, uuid7(), (Equals(Field.WORK_EMAIL, "two@x"),)) == []


def replicas(storage: Storage) -> tuple[ChangeUser, ChangeUser]:
    """Return the use case as two processes have it, each with what it remembers."""
    return ChangeUser(storage.users, FixedClock(NOW)), ChangeUser(storage.users, FixedClock(LATER))


def setting(**attributes: object) -> Edit:
    return lambda document: document | attributes


async def test_what_is_remembered_never_hides_that_a_change_is_needed(
    storage: Storage, tenant: UUID
) -> None:
    ann = user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    here, there = replicas(storage)
    await here(ann.id, setting(active=False), log_entry(tenant))
    await there(ann.id, setting(active=True), log_entry(tenant))
    record = await here(ann.id, setting(active=False), log_entry(tenant))
    assert record.version == 4
    stored = await storage.users.load(tenant, ann.id)
    assert stored is not None
    assert not stored.user.active


async def test_what_is_remembered_undoes_nothing_that_others_wrote(
    storage: Storage, tenant: UUID
) -> None:
    ann = user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    here, there = replicas(storage)
    await here(ann.id, setting(title="Dr"), log_entry(tenant))
    await there(ann.id, setting(active=False), log_entry(tenant))
    await here(ann.id, setting(title="Prof"), log_entry(tenant))
    stored = await storage.users.load(tenant, ann.id)
    assert stored is not None
    assert stored.user.document == {"userName": "ann@x", "title": "Prof", "active": False}


async def test_a_version_of_the_same_number_is_told_apart(storage: Storage, tenant: UUID) -> None:
    """After a restore the same number may be another version."""
    ann = user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    stored = await storage.users.load(tenant, ann.id)
    assert stored is not None
    elsewhere = replace(stored, updated_at=LATER)
    changed = ann.changed_to({"userName": "ann@x", "title": "Dr"})
    entry = log_entry(tenant)
    assert await storage.users.replace(elsewhere, changed, at=LATER, entry=entry) is None


async def test_a_refusal_is_never_one_of_what_is_remembered(storage: Storage, tenant: UUID) -> None:
    ann = user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    here, there = replicas(storage)
    await here(ann.id, setting(title="Dr"), log_entry(tenant))
    await there(ann.id, setting(title="Prof"), log_entry(tenant))

    def only_of_a_prof(document: dict[str, object]) -> dict[str, object]:
        if document["title"] != "Prof":
            raise invalid_value("no Prof")
        return document | {"active": False}

    await here(ann.id, only_of_a_prof, log_entry(tenant))
    stored = await storage.users.load(tenant, ann.id)
    assert stored is not None
    assert not stored.user.active


async def test_a_user_that_is_gone_is_gone_though_it_is_remembered(
    storage: Storage, tenant: UUID
) -> None:
    ann = user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    here, _ = replicas(storage)
    await here(ann.id, setting(title="Dr"), log_entry(tenant))
    await storage.users.remove(ann.id, at=NOW, entry=log_entry(tenant))
    with pytest.raises(ScimError, match="no such user"):
        await here(ann.id, setting(title="Prof"), log_entry(tenant))


async def test_a_user_written_here_is_not_read_again(storage: Storage, tenant: UUID) -> None:
    ann = user("ann@x")
    await storage.users.add(ann, at=NOW, entry=log_entry(tenant))
    reads: list[UUID] = []

    class Watched:
        def __getattr__(self, name: str) -> object:
            if name == "load":
                reads.append(ann.id)
            return getattr(storage.users, name)

    here = ChangeUser(cast("Users", Watched()), FixedClock(LATER))
    for title in ("Dr", "Prof", "Prof Dr"):
        await here(ann.id, setting(title=title), log_entry(tenant))
    assert reads == [ann.id]
    with pytest.raises(ScimError, match="no such user"):
        await here(ann.id, setting(title="Mr"), log_entry(uuid7()))


async def test_a_user_that_was_looked_up_is_not_read_again(storage: Storage, tenant: UUID) -> None:
    ann, bob = user("ann@x", active=False), user("bob@x")
    for each in (ann, bob):
        await storage.users.add(each, at=NOW, entry=log_entry(tenant))
    recent = RecentUsers()
    await GetUser(storage.users, recent)(tenant, ann.id)
    by_name = (Equals(Field.USER_NAME, "bob@x"),)
    await FindUsers(storage.users, recent)(tenant, by_name, ALL)
    for each in (ann, bob):
        remembered = recent.get(tenant, each.id)
        assert remembered is not None
        assert remembered == await storage.users.load(tenant, each.id)
        assert recent.get(uuid7(), each.id) is None
