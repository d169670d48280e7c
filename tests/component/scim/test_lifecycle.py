"""A user's life as Entra lives it: disabled, restored, moved to the recycle bin, back again."""

from typing import Any

from chassis.ids import uuid7
from component.scim.harness import ENTERPRISE_URN, Client, Surface, json, replace, user

OBJECT_ID = "0123456789abcdef0123456789abcdef"


async def test_reactivation_keeps_id_and_groups(acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    sales = await acme.create_group("Sales", ann["id"])
    path = f"/Users/{ann['id']}"
    assert json(await acme.patch(path, replace("active", "False")))["active"] is False
    assert await acme.members(sales["id"]) == {ann["id"]}
    [found] = (await acme.find("Users", 'userName eq "ann@example.com"'))["Resources"]
    assert (found["id"], found["active"]) == (ann["id"], False)
    assert json(await acme.patch(path, replace("active", "True")))["active"] is True
    assert await acme.members(sales["id"]) == {ann["id"]}


async def test_soft_delete_is_a_deactivation_and_frees_the_name(
    surface: Surface, acme: Client
) -> None:
    ann = await acme.create_user("Ann@example.com")
    path, gone = f"/Users/{ann['id']}", f"{OBJECT_ID}Ann@example.com"
    renamed = json(await acme.patch(path, replace("userName", gone)))
    assert (renamed["userName"], renamed["active"]) == (gone, False)
    assert (await acme.find("Users", f'userName eq "{gone}"'))["totalResults"] == 1
    assert (await acme.find("Users", 'userName eq "ann@example.com"'))["totalResults"] == 0
    _, event = (await surface.events(acme.tenant.tenant_id))[-1]
    assert (event["user"]["user_name"], event["user"]["active"]) == (gone, False)
    assert event["user"]["soft_deleted"] is True
    row = await surface.pool.fetchrow("SELECT active, soft_deleted FROM users")
    assert row is not None
    assert (row["active"], row["soft_deleted"]) == (False, True)

    other = await acme.create_user("ann@example.com")
    refused = await acme.patch(path, replace("userName", "ann@example.com"))
    assert refused.status_code == 409
    assert (await acme.call("DELETE", f"/Users/{other['id']}")).status_code == 204

    back = json(
        await acme.patch(path, replace("userName", "Ann@example.com"), replace("active", True))
    )
    assert (back["id"], back["userName"], back["active"]) == (ann["id"], "Ann@example.com", True)
    _, event = (await surface.events(acme.tenant.tenant_id))[-1]
    assert (event["user"]["active"], event["user"]["soft_deleted"]) == (True, False)


async def test_soft_delete_by_put(surface: Surface, acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    gone = f"{OBJECT_ID}ann@example.com"
    response = await acme.call("PUT", f"/Users/{ann['id']}", user(gone))
    assert json(response)["active"] is False
    again = await acme.call("PUT", f"/Users/{ann['id']}", user(gone, active=False))
    assert json(again)["meta"]["version"] == json(response)["meta"]["version"]
    _, event = (await surface.events(acme.tenant.tenant_id))[-1]
    assert event["user"]["soft_deleted"] is True


async def test_soft_delete_in_the_cycle_of_a_rename(surface: Surface, acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    path, gone = f"/Users/{ann['id']}", f"{OBJECT_ID}ann.lee@example.com"
    assert json(await acme.patch(path, replace("userName", gone)))["active"] is False
    moved = f"{OBJECT_ID}ann.lee@example.org"
    assert json(await acme.patch(path, replace("userName", moved)))["active"] is False
    _, event = (await surface.events(acme.tenant.tenant_id))[-1]
    assert (event["user"]["active"], event["user"]["soft_deleted"]) == (False, True)
    back = await acme.patch(path, replace("userName", "ann.lee@example.com"))
    assert json(back)["active"] is False


async def test_the_providers_word_ends_a_soft_delete(surface: Surface, acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    path, gone = f"/Users/{ann['id']}", f"{OBJECT_ID}ann@example.com"
    await acme.patch(path, replace("userName", gone))
    assert json(await acme.patch(path, replace("active", "True")))["active"] is True
    _, event = (await surface.events(acme.tenant.tenant_id))[-1]
    # Whoever reads events must not believe less than what the provider is answered.
    assert (event["user"]["active"], event["user"]["soft_deleted"]) == (True, False)


async def test_put_replaces_a_user(acme: Client) -> None:
    ann = await acme.create_user(
        "ann@example.com", title="CTO", **{ENTERPRISE_URN: {"division": "X"}}
    )
    response = await acme.call(
        "PUT", f"/Users/{ann['id']}", {"userName": "ann@example.com", "nickName": "A"}
    )
    assert response.status_code == 200
    replaced = json(response)
    assert {"title", "emails", "externalId", ENTERPRISE_URN} & replaced.keys() == set()
    assert (replaced["id"], replaced["nickName"], replaced["active"]) == (ann["id"], "A", True)
    assert replaced["meta"]["created"] == ann["meta"]["created"]
    missing = await acme.call("PUT", f"/Users/{uuid7()}", user("bob@example.com"))
    assert missing.status_code == 404
    assert (await acme.call("PUT", f"/Users/{ann['id']}", {"nickName": "A"})).status_code == 400


async def test_silence_about_active_lets_no_disabled_user_in(
    surface: Surface, acme: Client
) -> None:
    ann = await acme.create_user("ann@example.com")
    url = f"/Users/{ann['id']}"
    off = {"op": "Replace", "path": "active", "value": "False"}
    await acme.call("PATCH", url, {"Operations": [off]})
    for change in (
        {"op": "Replace", "path": "active", "value": ""},
        {"op": "Remove", "path": "active"},
        {"op": "replace", "value": {"active": None}},
    ):
        response = await acme.call("PATCH", url, {"Operations": [off]})
        assert json(response)["active"] is False
        response = await acme.call("PATCH", url, {"Operations": [change]})
        assert "active" not in json(response)
        renamed = await acme.patch(url, replace("displayName", str(change)))
        assert "active" not in json(renamed)
        _, event = (await surface.events(acme.tenant.tenant_id))[-1]
        assert event["user"]["active"] is False
        assert (await acme.find("Users", "active eq false"))["totalResults"] == 1
        silent = {"userName": "ann@example.com", "active": None}
        assert "active" not in json(await acme.call("PUT", url, silent))
    await acme.call("PATCH", url, {"Operations": [off]})
    assert json(await acme.call("PUT", url, silent))["active"] is False
    restored = await acme.call("PUT", url, user("ann@example.com", active=True))
    assert json(restored)["active"] is True


async def test_null_update_of_every_optional_attribute(acme: Client) -> None:
    full = {
        "title": "T", "nickName": "N", "locale": "de", "preferredLanguage": "de", "userType": "U",
        "phoneNumbers": [{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}],
        "addresses": [{"type": "work", "locality": "L", "formatted": "F"}],
        ENTERPRISE_URN: {"department": "D", "employeeNumber": "E"},
    }  # fmt: skip
    paths = [
        "title", "nickName", "locale", "preferredLanguage", "userType", "displayName",
        "name.givenName", 'emails[type eq "work"].value', 'phoneNumbers[type eq "mobile"].value',
        'addresses[type eq "work"].locality', f"{ENTERPRISE_URN}:department",
        f"{ENTERPRISE_URN}:employeeNumber",
    ]  # fmt: skip
    for turn, (nothing, compact) in enumerate((v, c) for v in ("", None) for c in (False, True)):
        ann = await acme.create_user(f"ann{turn}@example.com", **full)
        operations: list[dict[str, Any]]
        operations = [{"op": "replace", "path": path, "value": nothing} for path in paths]
        if compact:
            operations = [{"op": "replace", "value": dict.fromkeys(paths, nothing)}]
        response = await acme.patch(f"/Users/{ann['id']}", *operations)
        assert response.status_code == 200, response.text
        left = json(await acme.get(f"/Users/{ann['id']}"))
        gone = {"title", "nickName", "locale", "preferredLanguage", "userType", "displayName"}
        assert not gone & left.keys()
        assert "emails" not in left or not any("value" in e for e in left["emails"])
        assert ENTERPRISE_URN not in left
        assert [p["value"] for p in left["phoneNumbers"]] == ["1"]


async def test_user_pagination(acme: Client) -> None:
    ids = [(await acme.create_user(f"u{number:02}@example.com"))["id"] for number in range(12)]
    assert ids == sorted(ids)
    seen = []
    for start in (1, 6, 11, 16):
        page = json(await acme.get("/Users", startIndex=str(start), count="5"))
        assert (page["totalResults"], page["startIndex"]) == (12, start)
        assert page["itemsPerPage"] == len(page["Resources"])
        seen += [each["id"] for each in page["Resources"]]
    assert seen == ids
    assert json(await acme.get("/Users", count="0"))["Resources"] == []
    assert json(await acme.get("/Users", count="0"))["totalResults"] == 12
    assert json(await acme.get("/Users", startIndex="-3", count="-1"))["startIndex"] == 1
    beyond = await acme.find("Users", 'userName eq "u00@example.com"', startIndex="2")
    assert (beyond["totalResults"], beyond["Resources"]) == (1, [])
    assert (await acme.get("/Users", count="many")).status_code == 400


async def test_group_pagination(acme: Client) -> None:
    ids = [(await acme.create_group(f"g{number}"))["id"] for number in range(7)]
    seen = []
    for start in (1, 4, 7):
        page = json(
            await acme.get(
                "/Groups", startIndex=str(start), count="3", excludedAttributes="members"
            )
        )
        assert (page["totalResults"], page["startIndex"]) == (7, start)
        seen += [each["id"] for each in page["Resources"]]
    assert seen == ids


async def test_lists_of_what_nothing_makes_unique(acme: Client) -> None:
    shared = [{"type": "work", "value": "team@example.com"}]
    ids = [
        (await acme.create_user(f"u{n}@example.com", externalId="same", emails=shared))["id"]
        for n in range(5)
    ]
    wanted = ['externalId eq "same"', 'emails[type eq "work"].value eq "TEAM@example.com"']
    for filter_ in [*wanted, " and ".join(wanted), 'emails.value eq "team@example.com"']:
        found = await acme.find("Users", filter_, startIndex="2", count="2")
        assert found["totalResults"] == 5, filter_
        assert [each["id"] for each in found["Resources"]] == ids[1:3]


async def test_validate_credentials_and_test_connection(acme: Client) -> None:
    await acme.create_user("ann@example.com")
    probe = json(await acme.get("/Users", startIndex="1", count="1"))
    assert (probe["totalResults"], len(probe["Resources"])) == (1, 1)
    for resource in ("Users", "Groups"):
        empty = await acme.find(
            resource, f'externalId eq "{uuid7()}"', aadOptscim062020="", unknown="x"
        )
        assert (empty["totalResults"], empty["Resources"]) == (0, [])


async def test_attributes_and_excluded_attributes(acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    path = f"/Users/{ann['id']}"
    slim = json(await acme.get(path, attributes="userName,emails.value"))
    assert slim == {
        "schemas": ann["schemas"],
        "id": ann["id"],
        "userName": "ann@example.com",
        "emails": [{"value": "ann@example.com"}],
    }
    rest = json(await acme.get(path, excludedAttributes="emails,name.familyName"))
    assert "emails" not in rest
    assert "familyName" not in rest["name"]


async def test_discovery(acme: Client) -> None:
    config = json(await acme.get("/ServiceProviderConfig"))
    assert config["patch"]["supported"] is True
    assert config["filter"]["supported"] is True
    schemas = json(await acme.get("/Schemas"))
    assert schemas["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert schemas["totalResults"] == 3
    for schema in schemas["Resources"]:
        assert json(await acme.get(f"/Schemas/{schema['id']}")) == schema
    types = json(await acme.get("/ResourceTypes"))
    assert {each["id"] for each in types["Resources"]} == {"User", "Group"}
    assert (await acme.get("/ResourceTypes/User")).status_code == 200
    assert (await acme.get("/Schemas/none")).status_code == 404
    assert (await acme.get("/Schemas", filter='id eq "x"')).status_code == 403
    assert "null" not in (await acme.get("/Schemas")).text
