"""The user tests of Microsoft's SCIM validator, by their names."""

import pytest

from chassis.ids import uuid7
from component.scim.harness import ENTERPRISE_URN, Client, Json, json, replace, user


async def read(acme: Client, user_id: str) -> Json:
    response = await acme.get(f"/Users/{user_id}")
    assert response.status_code == 200
    return json(response)


async def test_create_a_new_user(acme: Client) -> None:
    response = await acme.call("POST", "/Users", user("ann@example.com", title="CTO"))
    assert response.status_code == 201
    created = json(response)
    assert response.headers["location"] == created["meta"]["location"]
    assert created["meta"]["resourceType"] == "User"
    assert (created["userName"], created["title"], created["active"]) == (
        "ann@example.com",
        "CTO",
        True,
    )
    assert await read(acme, created["id"]) == created


async def test_create_a_duplicate_user(acme: Client) -> None:
    await acme.create_user("ann@example.com")
    response = await acme.call("POST", "/Users", user("ANN@Example.com"))
    assert response.status_code == 409
    assert json(response)["scimType"] == "uniqueness"
    assert (await acme.find("Users", 'userName eq "ann@example.com"'))["totalResults"] == 1


async def test_filter_for_an_existing_user(acme: Client) -> None:
    created = await acme.create_user("ann@example.com")
    for wanted in (
        'userName eq "ann@example.com"',
        'externalId eq "ann"',
        f'id eq "{created["id"]}"',
        'emails[type eq "work"].value eq "ann@example.com"',
        'emails.value eq "ann@example.com"',
        'displayName eq "ann"',
        'userName eq "ann@example.com" and active eq "True"',
        f'externalId eq "ann" and id eq "{created["id"]}"',
        'externalId eq "ann" and displayName eq "ann"',
        "externalId eq ann",
    ):
        found = await acme.find("Users", wanted)
        assert (found["totalResults"], found["Resources"]) == (1, [created]), wanted


async def test_filter_for_a_non_existing_user(acme: Client) -> None:
    await acme.create_user("ann@example.com")
    for wanted in (
        f'userName eq "{uuid7()}"',
        f'externalId eq "{uuid7()}"',
        f'id eq "{uuid7()}"',
        'id eq "none"',
        f'emails[type eq "work"].value eq "{uuid7()}"',
        'userName eq "ann@example.com" and active eq false',
        'userName eq "ann@example.com" and userName eq "bob@example.com"',
    ):
        found = await acme.find("Users", wanted)
        assert (found["totalResults"], found["Resources"]) == (0, []), wanted


async def test_connection_with_any_matching_attribute(acme: Client) -> None:
    """Entra tests the connection with the matching attribute and a value that nobody has."""
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    ann = await acme.create_user("ann@example.com", employeeNumber="E1", nickName="annie")
    for attribute in (
        "userName",
        "externalId",
        "displayName",
        "nickName",
        "employeeNumber",
        f"{enterprise}:employeeNumber",
        'emails[type eq "work"].value',
        'emails[type eq "other"].value',
        'phoneNumbers[type eq "mobile"].value',
        "name.familyName",
    ):
        wanted = f'{attribute} eq "7b8f3d1c-0000-4000-8000-1234567890ab"'
        assert (await acme.find("Users", wanted))["totalResults"] == 0, attribute
    for wanted in ('nickName eq "ANNIE"', f'{enterprise}:employeeNumber eq "E1"'):
        assert (await acme.find("Users", wanted))["Resources"] == [ann], wanted


async def test_filter_for_an_existing_user_different_case(acme: Client) -> None:
    created = await acme.create_user("Ann.Özil@Example.com")
    for wanted in (
        'userName eq "ANN.ÖZIL@EXAMPLE.COM"',
        'USERNAME EQ "ann.özil@example.com"',
        'emails[type eq "work"].value eq "ANN.ÖZIL@EXAMPLE.COM"',
    ):
        assert (await acme.find("Users", wanted))["Resources"] == [created]
    assert (await acme.find("Users", 'externalId eq "ann.özil"'))["totalResults"] == 0


async def test_patch_user_replace_attributes_verbose(acme: Client) -> None:
    created = await acme.create_user("ann@example.com")
    response = await acme.patch(
        f"/Users/{created['id']}",
        replace("displayName", "Pvlo"),
        replace('emails[type eq "work"].value', "t@example.com"),
        replace("name.givenName", "G"),
        replace(f"{ENTERPRISE_URN}:employeeNumber", "E"),
    )
    assert response.status_code == 200
    changed = json(response)
    assert changed["displayName"] == "Pvlo"
    assert changed["emails"] == [{"primary": True, "type": "work", "value": "t@example.com"}]
    assert changed["name"]["givenName"] == "G"
    assert changed[ENTERPRISE_URN] == {"employeeNumber": "E"}
    assert ENTERPRISE_URN in changed["schemas"]
    assert await read(acme, created["id"]) == changed


async def test_patch_user_add_attributes_verbose(acme: Client) -> None:
    created = await acme.create_user("ann@example.com")
    response = await acme.patch(
        f"/Users/{created['id']}",
        {"op": "Add", "path": "nickName", "value": "Babs"},
        {"op": "Add", "path": 'emails[type eq "home"].value', "value": "h@example.com"},
        {"op": "Add", "path": 'roles[primary eq "True"].value', "value": "Admin"},
    )
    changed = json(response)
    assert changed["nickName"] == "Babs"
    assert {"type": "home", "value": "h@example.com"} in changed["emails"]
    assert changed["roles"] == [{"primary": True, "value": "Admin"}]


async def test_update_user_name_path_less(acme: Client) -> None:
    created = await acme.create_user("ann@example.com")
    response = await acme.patch(
        f"/Users/{created['id']}",
        {"op": "replace", "value": {"userName": "ann.b@example.com", "name.familyName": "B"}},
    )
    assert json(response)["userName"] == "ann.b@example.com"
    assert json(response)["name"]["familyName"] == "B"
    assert (await acme.find("Users", 'userName eq "ann@example.com"'))["totalResults"] == 0
    assert (await acme.find("Users", 'userName eq "ann.b@example.com"'))["totalResults"] == 1


async def test_update_user_name_to_one_in_use(acme: Client) -> None:
    await acme.create_user("bob@example.com")
    created = await acme.create_user("ann@example.com")
    response = await acme.patch(f"/Users/{created['id']}", replace("userName", "BOB@example.com"))
    assert (response.status_code, json(response)["scimType"]) == (409, "uniqueness")
    assert await read(acme, created["id"]) == created


@pytest.mark.parametrize("value", [False, "False", "false"])
async def test_patch_user_disable_user(acme: Client, value: object) -> None:
    created = await acme.create_user("ann@example.com")
    response = await acme.patch(f"/Users/{created['id']}", replace("active", value))
    assert response.status_code == 200
    assert (await read(acme, created["id"]))["active"] is False
    found = await acme.find("Users", 'userName eq "ann@example.com"')
    assert found["Resources"][0]["active"] is False


async def test_add_replace_and_remove_manager(acme: Client) -> None:
    created = await acme.create_user("ann@example.com")
    managers = [(await acme.create_user(f"{name}@example.com"))["id"] for name in "bc"]
    path = f"/Users/{created['id']}"
    manager_path = f"{ENTERPRISE_URN}:manager"
    for operation, expected in (
        ({"op": "Add", "path": manager_path, "value": managers[0]}, managers[0]),
        ({"op": "Replace", "path": "manager", "value": managers[1]}, managers[1]),
        ({"op": "Add", "path": "manager", "value": [{"value": managers[0]}]}, managers[0]),
        ({"op": "Replace", "path": manager_path, "value": ""}, None),
        ({"op": "Add", "path": manager_path, "value": {"value": managers[1]}}, managers[1]),
        ({"op": "Remove", "path": manager_path, "value": managers[1]}, None),
    ):
        assert (await acme.patch(path, operation)).status_code == 200
        manager = (await read(acme, created["id"])).get(ENTERPRISE_URN, {}).get("manager")
        assert (manager["value"] if manager else None) == expected, operation


async def test_manager_check_of_provision_on_demand(acme: Client) -> None:
    boss = (await acme.create_user("boss@example.com"))["id"]
    created = await acme.create_user("ann@example.com", **{ENTERPRISE_URN: {"manager": boss}})
    for wanted in (
        f'id eq "{created["id"]}" and manager eq "{boss}"',
        f'manager eq "{boss}" and id eq "{created["id"]}"',
        f'id eq "{created["id"]}" and {ENTERPRISE_URN}:manager eq "{boss}"',
    ):
        found = await acme.find("Users", wanted, attributes="id")
        assert [set(each) - {"schemas"} for each in found["Resources"]] == [{"id"}], wanted
    other = f'id eq "{created["id"]}" and manager eq "{uuid7()}"'
    assert (await acme.find("Users", other, attributes="id"))["totalResults"] == 0


async def test_delete_a_user(acme: Client) -> None:
    created = await acme.create_user("ann@example.com")
    assert (await acme.call("DELETE", f"/Users/{created['id']}")).status_code == 204
    assert (await acme.get(f"/Users/{created['id']}")).status_code == 404
    assert (await acme.find("Users", 'userName eq "ann@example.com"'))["totalResults"] == 0
    again = await acme.create_user("ann@example.com")
    assert again["id"] != created["id"]


async def test_patch_user_multiple_ops_on_different_attributes(acme: Client) -> None:
    created = await acme.create_user("ann@example.com", title="CTO")
    response = await acme.patch(
        f"/Users/{created['id']}",
        {"op": "add", "path": "nickName", "value": "N"},
        {"op": "replace", "path": "displayName", "value": "D"},
        {"op": "remove", "path": "title"},
    )
    changed = json(response)
    assert (changed["nickName"], changed["displayName"]) == ("N", "D")
    assert "title" not in changed


async def test_patch_user_multiple_ops_on_same_attribute(acme: Client) -> None:
    created = await acme.create_user("ann@example.com")
    response = await acme.patch(
        f"/Users/{created['id']}",
        {"op": "remove", "path": "displayName"},
        {"op": "add", "path": "displayName", "value": "First"},
        {"op": "replace", "path": "displayName", "value": "Second"},
    )
    assert json(response)["displayName"] == "Second"


async def test_delete_a_non_existent_user(acme: Client) -> None:
    for missing in (str(uuid7()), "no-uuid", "%00", "a/b"):
        assert (await acme.call("DELETE", f"/Users/{missing}")).status_code == 404


async def test_delete_the_same_user_twice(acme: Client) -> None:
    created = await acme.create_user("ann@example.com")
    assert (await acme.call("DELETE", f"/Users/{created['id']}")).status_code == 204
    assert (await acme.call("DELETE", f"/Users/{created['id']}")).status_code == 404
