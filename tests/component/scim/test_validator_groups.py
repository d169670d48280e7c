"""The group tests of Microsoft's SCIM validator, by their names."""

from chassis.ids import uuid7
from component.scim.harness import (
    Client,
    Surface,
    add_members,
    group,
    json,
    patch,
    remove_members,
    replace,
)


async def people(acme: Client, count: int) -> list[str]:
    return [(await acme.create_user(f"u{number}@example.com"))["id"] for number in range(count)]


async def test_create_a_new_group(acme: Client) -> None:
    response = await acme.call("POST", "/Groups", group("Sales"))
    assert response.status_code == 201
    created = json(response)
    assert response.headers["location"] == created["meta"]["location"]
    assert (created["displayName"], created["externalId"]) == ("Sales", "external-Sales")
    assert created["members"] == []
    assert json(await acme.get(f"/Groups/{created['id']}")) == created


async def test_create_a_group_with_members(acme: Client) -> None:
    ann, bob = await people(acme, 2)
    created = await acme.create_group("Sales", ann, bob)
    assert {member["value"] for member in created["members"]} == {ann, bob}
    assert created["members"][0]["$ref"].endswith(f"/Users/{created['members'][0]['value']}")
    assert json(await acme.get(f"/Groups/{created['id']}")) == created


async def test_create_a_duplicate_group(acme: Client) -> None:
    await acme.create_group("Sales")
    response = await acme.call("POST", "/Groups", group("SALES"))
    assert (response.status_code, json(response)["scimType"]) == (409, "uniqueness")


async def test_get_a_group_by_id_excluding_members(acme: Client) -> None:
    [ann] = await people(acme, 1)
    created = await acme.create_group("Sales", ann)
    found = json(await acme.get(f"/Groups/{created['id']}", excludedAttributes="members"))
    assert found == {key: value for key, value in created.items() if key != "members"}


async def test_filter_for_an_existing_group(acme: Client) -> None:
    [ann] = await people(acme, 1)
    created = await acme.create_group("Sales", ann)
    await acme.create_group("Other")
    for wanted in (
        'displayName eq "Sales"',
        'externalId eq "external-Sales"',
        f'id eq "{created["id"]}"',
        f'id eq "{created["id"]}" and members eq "{ann}"',
        f'members.value eq "{ann}"',
        f'displayName eq "Sales" and members eq "{ann}"',
    ):
        found = await acme.find("Groups", wanted)
        assert (found["totalResults"], found["Resources"]) == (1, [created]), wanted


async def test_filter_for_an_existing_group_excluding_members(acme: Client) -> None:
    [ann] = await people(acme, 1)
    created = await acme.create_group("Sales", ann)
    without = {key: value for key, value in created.items() if key != "members"}
    for wanted in (
        'displayName eq "Sales"',
        'externalId eq "external-Sales"',
        f'id eq "{created["id"]}" and members eq "{ann}"',
    ):
        found = await acme.find("Groups", wanted, excludedAttributes="members")
        assert found["Resources"] == [without], wanted


async def test_filter_for_a_group_in_different_case(acme: Client) -> None:
    created = await acme.create_group("Sales")
    for name in ("sALES", "sales", "SALES"):
        found = await acme.find("Groups", f'displayName eq "{name}"')
        assert [group["id"] for group in found["Resources"]] == [created["id"]], name


async def test_filter_for_a_non_existing_group(acme: Client) -> None:
    ann, bob = await people(acme, 2)
    created = await acme.create_group("Sales", ann)
    for wanted in (
        f'displayName eq "{uuid7()}"',
        f'id eq "{uuid7()}"',
        f'id eq "{created["id"]}" and members eq "{bob}"',
        f'id eq "{created["id"]}" and members eq "no uuid"',
        f'members eq "{ann}" and members eq "{bob}"',
        'displayName eq "Sales" and displayName eq "Other"',
    ):
        found = await acme.find("Groups", wanted, excludedAttributes="members")
        assert (found["totalResults"], found["Resources"]) == (0, []), wanted


async def test_patch_group_replace_attributes(acme: Client) -> None:
    [ann] = await people(acme, 1)
    created = await acme.create_group("Sales", ann)
    path = f"/Groups/{created['id']}"
    response = await acme.patch(
        path, replace("displayName", "Sellers"), replace("externalId", "x1")
    )
    assert response.status_code == 204
    found = json(await acme.get(path))
    assert (found["displayName"], found["externalId"]) == ("Sellers", "x1")
    assert found["members"] == created["members"]


async def test_update_display_name_path_less(acme: Client) -> None:
    created = await acme.create_group("Sales")
    path = f"/Groups/{created['id']}"
    response = await acme.patch(path, {"op": "replace", "value": {"displayName": "Sellers"}})
    assert response.status_code == 204
    assert (await acme.find("Groups", 'displayName eq "Sales"'))["totalResults"] == 0
    assert (await acme.find("Groups", 'displayName eq "sellers"'))["totalResults"] == 1


async def test_update_display_name_to_one_in_use(acme: Client) -> None:
    ann, bob = await people(acme, 2)
    await acme.create_group("Other")
    created = await acme.create_group("Sales", ann)
    path = f"/Groups/{created['id']}"
    response = await acme.patch(path, replace("displayName", "OTHER"), add_members(bob))
    assert (response.status_code, json(response)["scimType"]) == (409, "uniqueness")
    assert json(await acme.get(path)) == created


async def test_add_member(acme: Client) -> None:
    ann, bob = await people(acme, 2)
    created = await acme.create_group("Sales")
    path = f"/Groups/{created['id']}"
    for operations in ([add_members(ann)], [add_members(ann, bob)], [add_members(bob)]):
        assert (await acme.patch(path, *operations)).status_code == 204
    assert await acme.members(created["id"]) == {ann, bob}


async def test_remove_member(acme: Client) -> None:
    ann, bob, cai, dan = await people(acme, 4)
    created = await acme.create_group("Sales", ann, bob, cai, dan)
    path = f"/Groups/{created['id']}"
    assert (await acme.patch(path, remove_members(ann))).status_code == 204
    compact = {"op": "remove", "path": f'members[value eq "{bob}"]'}
    assert (await acme.patch(path, compact)).status_code == 204
    assert await acme.members(created["id"]) == {cai, dan}
    for missing in (remove_members(ann), remove_members(str(uuid7())), compact):
        assert (await acme.patch(path, missing)).status_code == 204
    assert (await acme.patch(path, {"op": "remove", "path": "members"})).status_code == 204
    assert await acme.members(created["id"]) == set()


async def test_replace_members(acme: Client) -> None:
    ann, bob, cai = await people(acme, 3)
    created = await acme.create_group("Sales", ann, bob)
    path = f"/Groups/{created['id']}"
    response = await acme.patch(path, replace("members", [{"value": bob}, {"value": cai}]))
    assert response.status_code == 204
    assert await acme.members(created["id"]) == {bob, cai}
    assert (await acme.patch(path, replace("members", None))).status_code == 204
    assert await acme.members(created["id"]) == set()


async def test_delete_a_group(acme: Client) -> None:
    [ann] = await people(acme, 1)
    created = await acme.create_group("Sales", ann)
    path = f"/Groups/{created['id']}"
    assert (await acme.call("DELETE", path)).status_code == 204
    assert (await acme.get(path)).status_code == 404
    assert (await acme.get(f"/Users/{ann}")).status_code == 200


async def test_delete_a_non_existent_group(acme: Client) -> None:
    for missing in (str(uuid7()), "no-uuid"):
        assert (await acme.call("DELETE", f"/Groups/{missing}")).status_code == 404
        assert (await acme.patch(f"/Groups/{missing}", add_members())).status_code == 404
        assert (await acme.patch(f"/Groups/{missing}", replace("members", []))).status_code == 404


async def test_delete_the_same_group_twice(acme: Client) -> None:
    created = await acme.create_group("Sales")
    path = f"/Groups/{created['id']}"
    assert (await acme.call("DELETE", path)).status_code == 204
    assert (await acme.call("DELETE", path)).status_code == 404


async def test_patch_group_add_and_remove_the_same_member(acme: Client) -> None:
    [ann] = await people(acme, 1)
    created = await acme.create_group("Sales")
    path = f"/Groups/{created['id']}"
    assert (await acme.patch(path, add_members(ann), remove_members(ann))).status_code == 204
    assert await acme.members(created["id"]) == set()
    assert (await acme.patch(path, remove_members(ann), add_members(ann))).status_code == 204
    assert await acme.members(created["id"]) == {ann}


async def test_unknown_members_are_named_and_nothing_is_changed(acme: Client) -> None:
    ann, bob = await people(acme, 2)
    created = await acme.create_group("Sales", ann)
    path = f"/Groups/{created['id']}"
    stranger = str(uuid7())
    for operations in (
        [add_members(bob, stranger)],
        [replace("displayName", "X"), add_members(stranger)],
        [replace("members", [{"value": stranger}])],
    ):
        response = await acme.patch(path, *operations)
        assert (response.status_code, json(response)["scimType"]) == (400, "invalidValue")
        assert stranger in json(response)["detail"]
        assert json(await acme.get(path)) == created
    refused = await acme.call("POST", "/Groups", group("New", ann, stranger))
    assert refused.status_code == 400
    assert (await acme.find("Groups", 'displayName eq "New"'))["totalResults"] == 0


async def test_put_replaces_a_group(surface: Surface, acme: Client) -> None:
    ann, bob = await people(acme, 2)
    created = await acme.create_group("Sales", ann)
    path = f"/Groups/{created['id']}"
    response = await acme.call("PUT", path, {"displayName": "S", "members": [{"value": bob}]})
    assert response.status_code == 200
    assert json(response) == json(await acme.get(path))
    assert await acme.members(created["id"]) == {bob}
    assert "externalId" not in json(response)
    response = await acme.call("PUT", path, {"displayName": "T"})
    assert (json(response)["displayName"], await acme.members(created["id"])) == ("T", set())
    logged = await surface.logged(acme.tenant.tenant_id)
    assert [row["detail"] for row in logged if row["operation"] == "group.replace"] == [
        "Members who left, because the request did not name them: 1.",
        "Members who left, because the request did not name them: 1.",
    ]


async def test_patch_a_group_that_is_gone(acme: Client) -> None:
    response = await acme.patch(f"/Groups/{uuid7()}", add_members(str(uuid7())))
    assert response.status_code == 404


async def test_patch_a_group_and_ask_for_attributes(acme: Client) -> None:
    [ann] = await people(acme, 1)
    sales = await acme.create_group("Sales", ann)
    body = patch(replace("displayName", "Marketing"))
    path = f"/Groups/{sales['id']}"
    response = await acme.call("PATCH", f"{path}?attributes=displayName", body)
    assert (response.status_code, json(response)["displayName"]) == (200, "Marketing")
    assert "members" not in json(response)
    assert (await acme.call("PATCH", f"{path}?aadOptscim062020", body)).status_code == 204


async def test_removing_nobody_empties_no_group(acme: Client) -> None:
    [ann] = await people(acme, 1)
    sales = (await acme.create_group("Sales", ann))["id"]
    for value in ("", [], [None]):
        operation = {"op": "Remove", "path": "members", "value": value}
        assert (await acme.patch(f"/Groups/{sales}", operation)).status_code == 400
        assert await acme.members(sales) == {ann}
    assert (
        await acme.patch(f"/Groups/{sales}", {"op": "Remove", "path": "members"})
    ).status_code == 204
    assert await acme.members(sales) == set()
