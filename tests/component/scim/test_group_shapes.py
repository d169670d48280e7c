"""Groups in the shapes that clients send them, by POST, PUT and PATCH, over HTTP."""

from typing import Any

import orjson
import pytest

from chassis.ids import uuid7
from component.scim.harness import Client, Json, Surface, add_members, group, json
from component.scim.test_large_answers import ADD_USERS
from scim.protocol.paging import DEFAULT_COUNT

MANY = 1_001


def shapes(ann: str, bob: str) -> dict[str, Any]:
    """Return values of `members` that name both."""
    two = [{"value": ann}, {"value": bob}]
    return {
        "as the RFC has it": two,
        "Entra's": [{"$ref": None, "value": ann}, {"$ref": None, "value": bob}],
        "ids": [ann, bob],
        "with names and types": [m | {"display": "A", "type": "User"} for m in two],
        "with addresses": [m | {"$ref": f"https://x/Users/{m['value']}"} for m in two],
        "in capitals": [{"Value": ann.upper()}, {"VALUE": bob.upper()}],
        "one of them twice": [*two, {"value": ann}],
        "A1 in an object of its name": {"members": two},
        "A1 in an object of its name in capitals": {"Members": two},
        "A4 JSON as text": orjson.dumps(two).decode(),
        "A4 ids as text": orjson.dumps([ann, bob]).decode(),
        "A4 texts in a list": [orjson.dumps(member).decode() for member in two],
    }


NAMES = list(shapes("", ""))
NOBODY: dict[str, Any] = {
    "an object": {},
    "objects": [{}],
    "another wrapper": {"users": [{"value": "x"}]},
    "a wrapper around nothing": {"members": {}},
    "a text": "x",
    "an empty text": "",
    "a number": 5,
    "lists": [["x"]],
    "nulls": [None],
    "an id under another name": [{"id": str(uuid7())}],
    "no id": [{"value": "x"}],
    "a name": [{"display": "Ann"}],
    "nobody's id": [{"value": str(uuid7())}],
}


async def two_users(client: Client) -> tuple[str, str]:
    ann, bob = [(await client.create_user(f"{name}@x.test"))["id"] for name in ("ann", "bob")]
    return ann, bob


async def sent(client: Client, method: str, group_id: str, members: Any) -> tuple[int, Json, str]:
    """Send members in one of the ways; return the status, the body and whose members they are."""
    body = {"displayName": f"by {method}", "members": members}
    if method == "POST":
        answer = await client.call("POST", "/Groups", body)
        return answer.status_code, json(answer), json(answer).get("id", group_id)
    path = f"/Groups/{group_id}"
    if method == "PUT":
        answer = await client.call("PUT", path, body)
    else:
        at = {"path": "members", "value": members}
        value = at if method == "PATCH" else {"value": {"members": members}}
        answer = await client.patch(path, {"op": "replace", **value})
    return answer.status_code, json(answer) if answer.content else {}, group_id


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "PATCH without a path"])
@pytest.mark.parametrize("name", NAMES)
async def test_members_in_any_shape_are_the_members(acme: Client, name: str, method: str) -> None:
    ann, bob = await two_users(acme)
    cat = (await acme.create_user("cat@x.test"))["id"]
    sales = (await acme.create_group("Sales", cat))["id"]
    status, body, group_id = await sent(acme, method, sales, shapes(ann, bob)[name])

    assert status in (200, 201, 204), body
    assert await acme.members(group_id) == {ann, bob}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "PATCH without a path"])
@pytest.mark.parametrize("name", NOBODY)
async def test_members_that_name_nobody_are_refused(
    surface: Surface, acme: Client, name: str, method: str
) -> None:
    ann, _ = await two_users(acme)
    sales = (await acme.create_group("Sales", ann))["id"]
    before = await surface.events(acme.tenant.tenant_id)
    status, body, _ = await sent(acme, method, sales, NOBODY[name])

    assert (status, body.get("scimType")) == (400, "invalidValue")
    assert await acme.members(sales) == {ann}
    assert json(await acme.get(f"/Groups/{sales}"))["displayName"] == "Sales"
    assert await surface.events(acme.tenant.tenant_id) == before


@pytest.fixture
async def many(surface: Surface, acme: Client) -> list[str]:
    ids = [uuid7() for _ in range(MANY)]
    document = orjson.dumps({"userName": "x"})
    await surface.pool.execute(ADD_USERS, acme.tenant.tenant_id, ids, document)
    return list(map(str, ids))


@pytest.mark.parametrize("way", ["POST", "PUT", "one operation", "operations", "replace"])
async def test_b1_a_thousand_and_one_members_come_in_one_request(
    surface: Surface, acme: Client, many: list[str], way: str
) -> None:
    sales = (await acme.create_group("Sales"))["id"]
    path = f"/Groups/{sales}"
    if way == "POST":
        answer = await acme.call("POST", "/Groups", group("All", *many))
        sales = json(answer)["id"]
    elif way == "PUT":
        answer = await acme.call("PUT", path, group("Sales", *many))
    elif way == "operations":
        answer = await acme.patch(path, *(add_members(member) for member in many))
    elif way == "one operation":
        answer = await acme.patch(path, add_members(*many))
    else:
        value = [{"value": member} for member in many]
        answer = await acme.patch(path, {"op": "replace", "path": "members", "value": value})
    assert answer.status_code in (200, 201, 204), answer.text[:300]
    assert await acme.members(sales) == {*many}
    added = [
        member
        for _, data in await surface.events(acme.tenant.tenant_id)
        for member in data.get("added", ())
    ]
    assert sorted(added) == sorted(many)


async def test_b1_they_leave_one_by_one_in_one_request(acme: Client, many: list[str]) -> None:
    sales = (await acme.create_group("Sales", *many))["id"]
    gone = [{"op": "remove", "path": f'members[value eq "{member}"]'} for member in many[1:]]
    assert (await acme.patch(f"/Groups/{sales}", *gone)).status_code == 204
    assert await acme.members(sales) == {many[0]}


async def test_d7_groups_are_found_by_a_body(surface: Surface, acme: Client) -> None:
    ann, bob = await two_users(acme)
    sales = await acme.create_group("Sales", ann)
    await acme.create_group("Others", bob)
    other = await surface.tenant("other")
    await other.create_group("Sales", (await other.create_user("ann@x.test"))["id"])
    urn = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
    for wanted in (
        'displayName eq "sales"',
        "displayName eq 'Sales'",
        "displayName eq Sales",
        'externalId eq "external-Sales"',
        f'members eq "{ann}"',
        f'members.value eq "{ann}"',
        f'id eq "{sales["id"]}" and members eq "{ann}"',
    ):
        found = await acme.call(
            "POST", "/Groups/.search", {"schemas": [urn], "filter": wanted, "startIndex": 1}
        )
        assert (found.status_code, json(found)["totalResults"]) == (200, 1), wanted
        assert json(found)["Resources"] == [sales]
    slim = {"filter": 'displayName eq "Sales"', "excludedAttributes": ["members"], "count": 5}
    [part] = json(await acme.call("POST", "/Groups/.search", slim))["Resources"]
    assert part == {k: v for k, v in sales.items() if k != "members"}
    page = json(await acme.call("POST", "/Groups/.search", {"count": 1, "startIndex": 2}))
    assert (page["totalResults"], page["itemsPerPage"], page["startIndex"]) == (2, 1, 2)
    everything = json(await acme.call("POST", "/Groups/.search", {}))
    assert everything["totalResults"] == 2 <= DEFAULT_COUNT


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ({"filter": "displayName"}, "invalidFilter"),
        ({"filter": "displayName eq \u2018Sales\u2019"}, "invalidFilter"),
        ({"filter": ["displayName eq 'Sales'"]}, "invalidValue"),
        ({"filter": 'members.display eq "Ann"'}, "invalidFilter"),
        ({"count": "many"}, "invalidValue"),
        ({"startIndex": 1.5}, "invalidValue"),
        ({"attributes": [1]}, "invalidValue"),
        ([], "invalidSyntax"),
        ("x", "invalidSyntax"),
    ],
)
async def test_d7_a_search_that_is_not_understood_is_refused(
    acme: Client, body: Any, scim_type: str
) -> None:
    for kind in ("Users", "Groups"):
        if kind == "Users" and "members.display" in str(body):
            continue
        refused = await acme.call("POST", f"/{kind}/.search", body)
        assert (refused.status_code, json(refused).get("scimType")) == (400, scim_type), kind
