"""What a request costs in statements, and what it says on the bus."""

import asyncio
from typing import Any

import pytest

from chassis.ids import uuid7
from component.scim.harness import (
    Client,
    Surface,
    add_members,
    group,
    patch,
    remove_members,
    replace,
    user,
)
from contracts.registry import EVENT_TYPES

BIG = 200_000


async def test_statements_of_each_request(surface: Surface, acme: Client) -> None:
    ann = (await acme.create_user("ann@example.com"))["id"]
    bob = (await acme.create_user("bob@example.com"))["id"]
    sales = (await acme.create_group("Sales", ann))["id"]
    both = patch(add_members(ann), remove_members(bob))
    filter_by_name = {"filter": 'userName eq "ann@example.com"'}
    budget: list[tuple[int, str, str, Any, dict[str, Any]]] = [
        (1, "POST", "/Users", user("cai@example.com"), {}),
        (1, "GET", f"/Users/{ann}", None, {}),
        (1, "GET", "/Users", None, {"params": filter_by_name}),
        (1, "GET", "/Users", None, {}),
        # Users that were written a moment ago, here, are not read first; for others it is one more.
        (1, "PATCH", f"/Users/{ann}", patch(replace("title", "CTO")), {}),
        (1, "PATCH", f"/Users/{ann}", patch(replace("title", "CTO")), {}),
        (1, "PUT", f"/Users/{ann}", user("ann@example.com"), {}),
        (1, "DELETE", f"/Users/{uuid7()}", None, {}),
        (1, "POST", "/Groups", group("Other", ann, bob), {}),
        (1, "GET", f"/Groups/{sales}", None, {}),
        (1, "PATCH", f"/Groups/{sales}", patch(add_members(ann, bob)), {}),
        (1, "PATCH", f"/Groups/{sales}", patch(remove_members(bob)), {}),
        (2, "PATCH", f"/Groups/{sales}", both, {}),
        (2, "PATCH", f"/Groups/{sales}", patch(replace("displayName", "S")), {}),
        (1, "DELETE", f"/Groups/{sales}", None, {}),
        (1, "POST", "/Users/.search", filter_by_name, {}),
        (1, "POST", "/Users/.search", {"count": 100}, {}),
        (2, "POST", "/Users/.search", {"attributes": ["userName", "groups"]}, {}),
        (1, "POST", "/Groups/.search", {"filter": 'displayName eq "Other"'}, {}),
        (1, "POST", "/Groups/.search", {"excludedAttributes": ["members"], "count": 100}, {}),
        (2, "POST", "/Groups/.search", {"attributes": "members.display"}, {}),
        (0, "POST", "/Users/.search", {"filter": "userName"}, {}),
        (0, "GET", "/Schemas", None, {}),
    ]
    surface.remember_tokens()
    await acme.get("/Users", count="0")
    for expected, method, path, body, extra in budget:
        with surface.statements:
            response = await acme.call(method, path, body, **extra)
        refused = path.endswith(".search") and expected == 0
        assert response.status_code in ((400,) if refused else (200, 201, 204, 404)), response.text
        assert surface.statements.count == expected, (method, path, surface.statements.texts)


async def test_every_change_is_announced_once_with_what_its_contract_wants(
    surface: Surface, acme: Client
) -> None:
    ann = (await acme.create_user("ann@example.com", title="CTO"))["id"]
    bob = (await acme.create_user("bob@example.com"))["id"]
    await acme.patch(f"/Users/{ann}", replace("active", False))
    sales = (await acme.create_group("Sales", ann, bob))["id"]
    await acme.patch(f"/Groups/{sales}", remove_members(ann), replace("displayName", "S"))
    await acme.patch(f"/Groups/{sales}", add_members(ann, bob))
    await acme.call("DELETE", f"/Groups/{sales}")
    await acme.call("DELETE", f"/Users/{bob}")

    events = await surface.events(acme.tenant.tenant_id)
    assert [kind for kind, _ in events] == [
        "scim.user.created.v1",
        "scim.user.created.v1",
        "scim.user.updated.v1",
        "scim.group.created.v1",
        "scim.group.members_changed.v1",
        "scim.group.updated.v1",
        "scim.group.members_changed.v1",
        "scim.group.members_changed.v1",
        "scim.group.deleted.v1",
        "scim.user.deleted.v1",
    ]
    for kind, data in events:
        EVENT_TYPES[kind].model.model_validate(data)
    bodies = [body for _, body in events]
    assert bodies[0]["user"]["attributes"]["title"] == "CTO"
    assert (bodies[2]["user"]["active"], bodies[2]["user"]["version"]) == (False, 2)
    assert set(bodies[4]["added"]) == {ann, bob}
    assert bodies[5]["group"] == {
        "group_id": sales,
        "version": 2,
        "display_name": "S",
        "external_id": "external-Sales",
    }
    assert (bodies[6]["added"], bodies[6]["removed"]) == ([], [ann])
    assert (bodies[7]["added"], bodies[7]["removed"]) == ([ann], [])
    assert bodies[9] == {"user_id": bob, "user_name": "bob@example.com"}


async def test_what_changes_nothing_is_no_write(surface: Surface, acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    sales = await acme.create_group("Sales", ann["id"])
    before = await surface.events(acme.tenant.tenant_id)
    user_path, group_path = f"/Users/{ann['id']}", f"/Groups/{sales['id']}"

    same = await acme.patch(user_path, replace("displayName", ann["displayName"]))
    assert (same.status_code, same.json()) == (200, ann)
    assert (await acme.call("PUT", user_path, user("ann@example.com"))).json() == ann
    for operation in (
        add_members(ann["id"]),
        remove_members(str(uuid7())),
        replace("displayName", "Sales"),
        replace("members", [{"value": ann["id"]}]),
    ):
        assert (await acme.patch(group_path, operation)).status_code == 204
    assert (await acme.patch(group_path)).status_code == 204

    assert await surface.events(acme.tenant.tenant_id) == before
    assert (await acme.get(group_path)).json() == sales
    assert [row["status"] for row in await surface.logged(acme.tenant.tenant_id)].count(204) == 5


@pytest.fixture
async def big(surface: Surface, acme: Client) -> tuple[str, list[str]]:
    """A group of very many members, made after every plan was made on small tables."""
    everybody = (await acme.create_group("Everybody"))["id"]
    few = [(await acme.create_user(f"u{number}@example.com"))["id"] for number in range(4)]
    await surface.pool.execute("ANALYZE")
    for operation in (add_members, remove_members) * 3:
        path = f"/Groups/{everybody}"
        await asyncio.gather(*(acme.patch(path, operation(id)) for id in few * 16))
    await surface.pool.execute("DELETE FROM outbox")
    ids = [uuid7() for _ in range(BIG)]
    await surface.pool.execute(
        """
        INSERT INTO users (tenant_id, id, user_name, user_name_key, email_keys, active,
            soft_deleted, origin, version, created_at, updated_at, document)
        SELECT $1, id, id::text, id::text, '{}', true, false, 'scim', 1, now(), now(),
            convert_to('{"userName":"' || id || '","active":true}', 'UTF8')
        FROM unnest($2::uuid[]) AS made (id)
        """,
        acme.tenant.tenant_id,
        ids,
    )
    await surface.pool.execute(
        "INSERT INTO group_members SELECT $1, $2, unnest($3::uuid[])",
        acme.tenant.tenant_id,
        everybody,
        ids,
    )
    return everybody, [str(id) for id in ids]


async def test_a_patch_of_a_big_group_costs_what_one_of_a_small_group_costs(
    surface: Surface, acme: Client, big: tuple[str, list[str]]
) -> None:
    everybody, ids = big
    surface.remember_tokens()
    ann = (await acme.create_user("ann@example.com"))["id"]
    for operation in (add_members(ann), remove_members(ids[7]), add_members(ids[8])):
        read = await _rows_read(surface)
        with surface.statements:
            assert (await acme.patch(f"/Groups/{everybody}", operation)).status_code == 204
        assert surface.statements.count == 1
        assert await _rows_read(surface) - read <= 10
    events = [
        data for kind, data in await surface.events(acme.tenant.tenant_id) if "members" in kind
    ]
    assert [(each["added"], each["removed"]) for each in events] == [([ann], []), ([], [ids[7]])]
    read = await _rows_read(surface)
    await acme.get(f"/Groups/{everybody}")
    assert await _rows_read(surface) - read >= BIG - 1


async def _rows_read(surface: Surface) -> int:
    """Count the rows of users and memberships that PostgreSQL has read so far."""
    async with surface.pool.acquire() as connection:
        # A pool has no public way to all of its connections.
        for holder in surface.pool._holders:  # type: ignore[attr-defined]
            if holder._in_use is None and holder._con is not None:
                await holder._con.execute("SELECT pg_stat_force_next_flush()")
        await connection.execute("SELECT pg_stat_force_next_flush()")
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        return int(
            await connection.fetchval(
                "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_user_tables "
                "WHERE relname IN ('users', 'group_members')"
            )
        )


async def test_membership_events_come_in_chunks(
    surface: Surface, acme: Client, big: tuple[str, list[str]]
) -> None:
    everybody, ids = big
    gone = {"op": "remove", "path": "members"}
    assert (await acme.patch(f"/Groups/{everybody}", gone)).status_code == 204
    events = [
        data for kind, data in await surface.events(acme.tenant.tenant_id) if "members" in kind
    ]
    assert [len(each["removed"]) for each in events] == [5_000] * (BIG // 5_000)
    assert {id for each in events for id in each["removed"]} == set(ids)
    assert await acme.members(everybody) == set()
