"""Many at once: nobody's change is lost, no name is given twice, nothing crosses tenants."""

import asyncio

from component.scim.harness import (
    Client,
    Surface,
    add_members,
    group,
    json,
    remove_members,
    replace,
    user,
)
from support.waiting import eventually

CLIENTS = 16
ROUNDS = 6


async def test_fifty_posts_of_one_user(surface: Surface, acme: Client) -> None:
    names = ["ann@example.com", "ANN@example.com", "Ann@Example.Com"]
    responses = await asyncio.gather(
        *(acme.call("POST", "/Users", user(names[turn % 3])) for turn in range(50))
    )
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [201] + [409] * 49
    assert {json(a)["scimType"] for a in responses if a.status_code == 409} == {"uniqueness"}
    assert (await acme.find("Users", ""))["totalResults"] == 1
    assert len(await surface.events(acme.tenant.tenant_id)) == 1


async def test_fifty_posts_of_one_group(acme: Client) -> None:
    responses = await asyncio.gather(
        *(acme.call("POST", "/Groups", {"displayName": "Sales"}) for _ in range(50))
    )
    assert sorted(response.status_code for response in responses) == [201] + [409] * 49


async def test_replacing_members_while_others_are_added(surface: Surface, acme: Client) -> None:
    people = [(await acme.create_user(f"u{number}@example.com"))["id"] for number in range(4)]
    sales = (await acme.create_group("Sales"))["id"]
    path = f"/Groups/{sales}"
    changes = (
        add_members(*people[:2]),
        replace("members", [{"value": people[2]}]),
        add_members(people[3]),
        {"op": "remove", "path": "members"},
        replace("displayName", "SALES"),
        replace("members", None),
    )
    responses = await asyncio.gather(*(acme.patch(path, changes[n % 6]) for n in range(240)))
    assert {response.status_code for response in responses} == {204}
    seen: set[str] = set()
    ids = await surface.pool.fetch("SELECT event_id FROM outbox")
    for kind, data in await surface.events(acme.tenant.tenant_id):
        if kind == "scim.group.members_changed.v1":
            assert seen >= set(data["removed"])
            seen = (seen | set(data["added"])) - set(data["removed"])
    assert seen == await acme.members(sales)
    assert len({row["event_id"] for row in ids}) == len(ids)


async def test_patches_of_one_user_at_once(surface: Surface, acme: Client) -> None:
    ann = (await acme.create_user("ann@example.com"))["id"]
    attributes = ["title", "nickName", "locale", "timezone", "userType", "preferredLanguage"]
    responses = await asyncio.gather(
        *(acme.patch(f"/Users/{ann}", replace(name, f"new {name}")) for name in attributes),
        *(
            acme.patch(
                f"/Users/{ann}", replace(f'addresses[type eq "{kind}"].formatted', f"at {kind}")
            )
            for kind in ("work", "home", "other")
        ),
    )
    assert [response.status_code for response in responses] == [200] * 9
    found = json(await acme.get(f"/Users/{ann}"))
    assert {name: found[name] for name in attributes} == {n: f"new {n}" for n in attributes}
    assert {address["formatted"] for address in found["addresses"]} == {
        "at work",
        "at home",
        "at other",
    }
    assert found["meta"]["version"] == 'W/"10"'
    versions = [data["user"]["version"] for _, data in await surface.events(acme.tenant.tenant_id)]
    assert versions == list(range(1, 11))


async def test_patches_of_one_group_at_once(surface: Surface, acme: Client) -> None:
    stay, go, come = [
        [(await acme.create_user(f"{kind}{number}@example.com"))["id"] for number in range(8)]
        for kind in ("stay", "go", "come")
    ]
    sales = (await acme.create_group("Sales", *stay, *go))["id"]
    path = f"/Groups/{sales}"
    responses = await asyncio.gather(
        *(acme.patch(path, remove_members(id)) for id in go[:4]),
        *(acme.patch(path, add_members(id)) for id in come[:4]),
        *(
            acme.patch(path, remove_members(old), add_members(new))
            for old, new in zip(go[4:], come[4:], strict=True)
        ),
        *(acme.patch(path, add_members(*reversed(stay))) for _ in range(4)),
        acme.patch(path, replace("displayName", "Sellers")),
    )
    assert {response.status_code for response in responses} == {204}
    assert await acme.members(sales) == {*stay, *come}
    assert json(await acme.get(path))["displayName"] == "Sellers"
    assert await _as_announced(surface, acme, sales) == {*stay, *come}


async def test_replacements_and_single_changes_at_once(surface: Surface, acme: Client) -> None:
    ids = [(await acme.create_user(f"u{number}@example.com"))["id"] for number in range(12)]
    left, right = ids[:6], ids[6:]
    sales = (await acme.create_group("Sales"))["id"]
    path = f"/Groups/{sales}"
    for _ in range(ROUNDS):
        whole = [replace("members", [{"value": id} for id in half]) for half in (left, right)]
        responses = await asyncio.gather(
            *(acme.patch(path, operation) for operation in whole * 3),
            *(acme.patch(path, add_members(left[0], right[0])) for _ in range(3)),
            *(acme.patch(path, remove_members(right[0], left[0])) for _ in range(3)),
        )
        assert {response.status_code for response in responses} == {204}
        members = await acme.members(sales)
        # Whichever replacement came last stands, apart from the two that others moved.
        moved = {left[0], right[0]}
        assert members - moved in ({*left} - moved, {*right} - moved)
        assert await _as_announced(surface, acme, sales) == members


async def test_deleting_members_while_they_are_added(surface: Surface, acme: Client) -> None:
    ids = [(await acme.create_user(f"u{number}@example.com"))["id"] for number in range(10)]
    sales = (await acme.create_group("Sales"))["id"]
    responses = await asyncio.gather(
        *(acme.patch(f"/Groups/{sales}", add_members(id)) for id in ids),
        *(acme.call("DELETE", f"/Users/{id}") for id in ids),
    )
    assert {response.status_code for response in responses[10:]} == {204}
    assert {response.status_code for response in responses[:10]} <= {204, 400}
    assert await acme.members(sales) == set()


async def _as_announced(surface: Surface, acme: Client, group_id: str) -> set[str]:
    """Return the members that a reader of the events believes in."""
    members: set[str] = set()
    for kind, data in await surface.events(acme.tenant.tenant_id):
        if kind == "scim.group.members_changed.v1" and data["group_id"] == group_id:
            assert not members & set(data["added"])
            assert members >= set(data["removed"])
            members = members - set(data["removed"]) | set(data["added"])
    return members


async def test_two_tenants_with_the_same_names(surface: Surface) -> None:
    tenants = [await surface.tenant("left"), await surface.tenant("right")]

    async def life(tenant: Client, client: int) -> set[str]:
        mark = str(tenant.tenant.tenant_id)
        ids = set()
        for turn in range(ROUNDS):
            name = f"u{client}-{turn}@example.com"
            created = await tenant.create_user(name, title=mark)
            ids.add(created["id"])
            found = await tenant.find("Users", f'userName eq "{name}"')
            assert [each["id"] for each in found["Resources"]] == [created["id"]]
            assert found["Resources"][0]["title"] == mark
            await tenant.patch(f"/Users/{created['id']}", replace("nickName", mark))
        group = await tenant.create_group(f"g{client}", *ids)
        assert await tenant.members(group["id"]) == ids
        return ids

    lives = [life(tenant, client) for client in range(CLIENTS) for tenant in tenants]
    results = await asyncio.gather(*lives)
    for turn, tenant in enumerate(tenants):
        own = set().union(*results[turn::2])
        other = tenants[1 - turn]
        page = json(await tenant.get("/Users", count="500"))
        assert {each["id"] for each in page["Resources"]} == own
        assert {each["nickName"] for each in page["Resources"]} == {str(tenant.tenant.tenant_id)}
        foreign = next(iter(set().union(*results[1 - turn :: 2])))
        assert (await tenant.get(f"/Users/{foreign}")).status_code == 404
        assert (await tenant.call("DELETE", f"/Users/{foreign}")).status_code == 404
        assert (await tenant.patch(f"/Users/{foreign}", replace("title", "x"))).status_code == 404
        found = await tenant.find("Users", f'id eq "{foreign}"')
        assert found["totalResults"] == 0
        [group] = (await tenant.find("Groups", 'displayName eq "g0"'))["Resources"]
        response = await tenant.patch(f"/Groups/{group['id']}", add_members(foreign))
        assert response.status_code == 400
        assert str(other.tenant.tenant_id) not in page["Resources"][0]["meta"]["location"]


async def test_puts_of_one_group_leave_connections_to_others(
    surface: Surface, acme: Client
) -> None:
    ann = (await acme.create_user("ann@acme.test"))["id"]
    sales = (await acme.create_group("Sales"))["id"]
    other = await surface.tenant("other")
    async with surface.pool.acquire() as connection, connection.transaction():
        # Whoever changes the group waits for this, as for a change that takes long.
        await connection.execute("SELECT FROM groups FOR UPDATE")
        puts = [
            asyncio.create_task(acme.call("PUT", f"/Groups/{sales}", group("Sales", ann)))
            for _ in range(24)
        ]
        await eventually(lambda: surface.pool.get_idle_size() < surface.pool.get_size() - 1)
        for number in range(8):
            async with asyncio.timeout(10):
                await other.create_user(f"u{number}@other.test")
        assert surface.pool.get_idle_size() == surface.pool.get_size() - 2, "one waits, no more"
    assert {response.status_code for response in await asyncio.gather(*puts)} == {200}
