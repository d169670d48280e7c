"""Okta sends back what it has read: ids, meta, groups and names of members, and nothing breaks.

Bodies as Okta's guide to SCIM 2.0 has them; it updates users by PUT, and groups by PUT or PATCH.
"""

from typing import Any

import pytest

from chassis.ids import uuid7
from component.scim.harness import (
    USER_URN,
    Client,
    Json,
    Surface,
    json,
)

PERSON = {
    "schemas": [USER_URN],
    "userName": "ann@x.test",
    "name": {"givenName": "Ann", "familyName": "Lee"},
    "emails": [{"primary": True, "value": "ann@x.test", "type": "work"}],
    "displayName": "Ann Lee",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}


async def okta_user(client: Client, user_name: str = "ann@x.test") -> Json:
    """Create a user as Okta does, and return it as Okta reads it."""
    body = PERSON | {"userName": user_name, "externalId": user_name}
    created = await client.call("POST", "/Users", body)
    assert created.status_code == 201, created.text
    return await whole(client, f"/Users/{json(created)['id']}", "groups")


async def whole(client: Client, path: str, *more: str) -> Json:
    """Return everything of a resource, with what is told only where it is asked for."""
    read = json(await client.get(path))
    return read | json(await client.get(path, attributes=",".join(more)))


async def changes(surface: Surface, client: Client) -> int:
    return len(await surface.events(client.tenant.tenant_id))


async def test_a_user_is_created_without_its_password(surface: Surface, acme: Client) -> None:
    ann = await okta_user(acme)
    assert (ann["displayName"], ann["locale"]) == ("Ann Lee", "en-US")
    [_, data] = (await surface.events(acme.tenant.tenant_id))[0]
    rows = await surface.logged(acme.tenant.tenant_id)
    assert "1mz050nq" not in repr((ann, data, rows))


@pytest.mark.parametrize("how", ["PUT", "PATCH", "PATCH with a list"])
async def test_an_echo_of_a_user_changes_nothing(surface: Surface, acme: Client, how: str) -> None:
    ann = (await okta_user(acme))["id"]
    await acme.create_group("Sales", ann)
    read = await whole(acme, f"/Users/{ann}", "groups")
    assert [group["display"] for group in read["groups"]] == ["Sales"]
    before = await changes(surface, acme)

    answer = await _sent_back(acme, how, f"/Users/{ann}", read)
    assert answer.status_code == 200, answer.text
    assert await whole(acme, f"/Users/{ann}", "groups") == read
    assert await changes(surface, acme) == before


@pytest.mark.parametrize("how", ["PUT", "PATCH", "PATCH with a list"])
async def test_an_echo_with_a_change_does_that_change(
    surface: Surface, acme: Client, how: str
) -> None:
    ann = (await okta_user(acme))["id"]
    sales = (await acme.create_group("Sales", ann))["id"]
    read = await whole(acme, f"/Users/{ann}", "groups")
    answer = await _sent_back(acme, how, f"/Users/{ann}", read | {"active": False, "groups": []})

    assert (answer.status_code, json(answer)["active"]) == (200, False)
    after = await whole(acme, f"/Users/{ann}", "groups")
    assert after["groups"] == read["groups"], "who is in a group is not said by the user"
    assert await acme.members(sales) == {ann}
    assert {k: v for k, v in after.items() if k not in ("active", "meta")} == {
        k: v for k, v in read.items() if k not in ("active", "meta")
    }


@pytest.mark.parametrize("how", ["PUT", "PATCH", "PATCH with a list"])
async def test_an_echo_of_a_group_changes_nothing(surface: Surface, acme: Client, how: str) -> None:
    ann, bob = [(await okta_user(acme, f"{n}@x.test"))["id"] for n in ("ann", "bob")]
    path = f"/Groups/{(await acme.create_group('Sales', ann, bob))['id']}"
    read = await whole(acme, path, "members")
    assert {member["display"] for member in read["members"]} == {"Ann Lee"}
    before = await changes(surface, acme)

    answer = await _sent_back(acme, how, path, read)
    assert answer.status_code in (200, 204), answer.text
    assert await whole(acme, path, "members") == read
    assert await changes(surface, acme) == before


@pytest.mark.parametrize("how", ["PUT", "PATCH", "PATCH with a list"])
async def test_an_echo_of_a_group_without_somebody_lets_them_go(acme: Client, how: str) -> None:
    ann, bob = [(await okta_user(acme, f"{n}@x.test"))["id"] for n in ("ann", "bob")]
    path = f"/Groups/{(await acme.create_group('Sales', ann, bob))['id']}"
    read = await whole(acme, path, "members")
    read["members"] = [member for member in read["members"] if member["value"] == ann]

    assert (await _sent_back(acme, how, path, read)).status_code in (200, 204)
    assert await acme.members(path.rpartition("/")[2]) == {ann}


async def test_what_was_read_makes_a_new_user_once_the_old_one_is_gone(acme: Client) -> None:
    ann = await okta_user(acme)
    again = await acme.call("POST", "/Users", ann)
    assert (again.status_code, json(again)["scimType"]) == (409, "uniqueness")
    await acme.call("DELETE", f"/Users/{ann['id']}")

    again = await acme.call("POST", "/Users", ann)
    assert (again.status_code, json(again)["userName"]) == (201, "ann@x.test")
    assert json(again)["id"] != ann["id"]


async def test_a_group_is_renamed_next_to_its_id(acme: Client) -> None:
    sales = (await acme.create_group("Sales"))["id"]
    rename = {"op": "replace", "value": {"id": sales, "displayName": "Sellers"}}
    assert (await acme.patch(f"/Groups/{sales}", rename)).status_code == 204
    assert json(await acme.get(f"/Groups/{sales}"))["displayName"] == "Sellers"


@pytest.mark.parametrize("kind", ["Users", "Groups"])
async def test_the_id_of_another_is_refused_and_changes_nothing(
    surface: Surface, acme: Client, kind: str
) -> None:
    made = await (acme.create_user("ann@x") if kind == "Users" else acme.create_group("G"))
    other = await surface.tenant("other")
    theirs = (await other.create_user("bob@x.test"))["id"]
    path = f"/{kind}/{made['id']}"
    before = await changes(surface, acme)
    for id in (theirs, str(uuid7()), "x"):
        for value in ({"id": id}, {"id": id, "displayName": "D"}):
            refused = await acme.patch(path, {"op": "replace", "value": value})
            assert (refused.status_code, json(refused)["scimType"]) == (400, "mutability")
            assert theirs not in refused.text
    alone = await acme.patch(path, {"op": "replace", "value": {"meta": {"version": "x"}}})
    assert (alone.status_code, json(alone)["scimType"]) == (400, "mutability")
    assert await changes(surface, acme) == before


async def test_members_come_and_go_in_one_patch(acme: Client) -> None:
    ann, bob = [(await okta_user(acme, f"{n}@x.test"))["id"] for n in ("ann", "bob")]
    sales = (await acme.create_group("Sales", ann))["id"]
    answer = await acme.patch(
        f"/Groups/{sales}",
        {"op": "remove", "path": f'members[value eq "{ann}"]'},
        {"op": "add", "path": "members", "value": [{"value": bob, "display": "bob@x.test"}]},
    )
    assert answer.status_code == 204
    assert await acme.members(sales) == {bob}


async def _sent_back(client: Client, how: str, path: str, body: Json) -> Any:
    if how == "PUT":
        return await client.call("PUT", path, body)
    value: Any = [body] if how.endswith("list") else body
    return await client.patch(path, {"op": "replace", "value": value})
