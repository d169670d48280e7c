"""The cases of other identity providers' clients over HTTP, by their ids; shapes are unit tests."""

from typing import Any

import orjson
import pytest

from chassis.clock import SystemClock
from chassis.ids import uuid7
from chassis.outbox import OutboxSignal
from component.scim.harness import (
    CONTENT_TYPE,
    ORIGIN,
    Client,
    Surface,
    add_members,
    json,
    patch,
    user,
)
from scim import wiring


@pytest.mark.parametrize("wrapped", ["object", "text"])
async def test_a1_a4_a_member_in_an_odd_shape_leaves(acme: Client, wrapped: str) -> None:
    ann, bob = [(await acme.create_user(f"{n}@x.test"))["id"] for n in ("ann", "bob")]
    sales = (await acme.create_group("Sales", ann, bob))["id"]
    odd = {"members": [{"value": ann}]} if wrapped == "object" else f'[{{"value":"{ann}"}}]'
    operation = {"op": "remove", "path": "members", "value": odd}

    assert (await acme.patch(f"/Groups/{sales}", operation)).status_code == 204
    assert await acme.members(sales) == {bob}
    nobody = {"op": "remove", "path": "members", "value": [{"id": bob}]}
    assert (await acme.patch(f"/Groups/{sales}", nobody)).status_code == 400
    gone = {"op": "remove", "path": "members", "value": [{"value": str(uuid7())}]}
    assert (await acme.patch(f"/Groups/{sales}", gone)).status_code == 204
    assert await acme.members(sales) == {bob}


async def test_b1_a_first_sync_names_each_member_in_an_operation(acme: Client) -> None:
    ann = (await acme.create_user("ann@x.test"))["id"]
    sales = (await acme.create_group("Sales"))["id"]
    operations = [add_members(ann)] * 1_001

    assert (await acme.patch(f"/Groups/{sales}", *operations)).status_code == 204
    assert await acme.members(sales) == {ann}
    refused = await acme.patch(f"/Groups/{sales}", *([add_members()] * 2_501))
    assert (refused.status_code, "send several" in refused.text) == (413, True)


async def test_d7_a_filter_in_single_quotes_finds(acme: Client) -> None:
    await acme.create_user("ann@x.test")

    assert (await acme.find("Users", "userName eq 'ann@x.test'"))["totalResults"] == 1
    curly = await acme.get("/Users", filter="userName eq \u2018ann@x.test\u2019")
    assert (curly.status_code, json(curly)["scimType"]) == (400, "invalidFilter")


async def test_e1_access_is_not_taken_by_a_patch_of_the_users_groups(acme: Client) -> None:
    ann = (await acme.create_user("ann@x.test"))["id"]
    sales = (await acme.create_group("Sales", ann))["id"]
    operation = {"op": "remove", "path": f'groups[value eq "{sales}"]'}
    response = await acme.patch(f"/Users/{ann}", operation)

    assert (response.status_code, json(response)["scimType"]) == (400, "mutability")


async def test_r1_every_answer_says_where_the_resource_is(acme: Client) -> None:
    created = await acme.call("POST", "/Users", user("ann@x.test"))
    where = json(created)["meta"]["location"]
    path = f"/Users/{json(created)['id']}"
    group = await acme.call("POST", "/Groups", {"displayName": "G"})
    group_where, group_path = json(group)["meta"]["location"], f"/Groups/{json(group)['id']}"
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    for response, expected in (
        (created, where),
        (await acme.get(path), where),
        (await acme.call("PUT", path, user("ann@x.test")), where),
        (await acme.patch(path, rename), where),
        (group, group_where),
        (await acme.get(group_path), group_where),
        (await acme.call("PUT", group_path, {"displayName": "H"}), group_where),
        (await acme.patch(group_path, rename), group_where),
    ):
        assert response.headers["location"] == expected
        assert response.headers["content-location"] == expected


async def test_r2_head_is_a_get_without_a_body(acme: Client) -> None:
    path = f"/Users/{(await acme.create_user('ann@x.test'))['id']}"
    whole = await acme.get(path)
    response = await acme.http.head(acme.base + path, headers=authorised(acme))

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == whole.headers["content-length"]
    missing = await acme.http.head(f"{acme.base}/Users/{uuid7()}", headers=authorised(acme))
    assert missing.status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_r2_me_is_not_implemented(acme: Client, method: str) -> None:
    assert (await acme.call(method, "/Me", {})).status_code == 501


async def test_r2_the_provider_config_needs_no_token(surface: Surface, acme: Client) -> None:
    config = "/ServiceProviderConfig"
    for base in (acme.base, f"/scim/v2/{uuid7()}"):
        response = await surface.http.get(base + config)
        assert (response.status_code, response.headers["content-type"]) == (200, CONTENT_TYPE)
    for path in ("Users", "Groups", f"Users/{uuid7()}", "Me", "nothing", "Schemas"):
        assert (await surface.http.get(f"{acme.base}/{path}")).status_code == 401
    assert (await surface.http.get(f"/scim/v2/nobody{config}")).status_code == 401
    wrong = {"authorization": "Bearer wrong"}
    assert (await surface.http.get(acme.base + config, headers=wrong)).status_code == 401


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/scim+json-x", 415),
        ("Application/SCIM+JSON; charset=UTF-8", 201),
        ("application/json", 201),
        ("application/json;charset=utf-8", 201),
        (None, 201),
    ],
)
async def test_r2_a_body_is_json(acme: Client, media_type: str | None, status: int) -> None:
    sent: dict[str, Any] = user("ann@x.test")
    headers = authorised(acme) | ({"content-type": media_type} if media_type else {})
    response = await acme.http.post(f"{acme.base}/Users", content=encoded(sent), headers=headers)

    assert response.status_code == status, response.text
    for method, path in (("PATCH", "/Users/1"), ("PUT", "/Groups/1"), ("POST", "/Users/.search")):
        refused = await acme.http.request(
            method, acme.base + path, content=encoded(patch()), headers=headers
        )
        assert (refused.status_code == 415) == (status == 415)


async def test_e9_a_tenant_is_read_strictly_once_it_is_set(surface: Surface, acme: Client) -> None:
    use_cases = wiring.use_cases(surface.settings, surface.pool, OutboxSignal(), SystemClock())
    path = f"/Users/{(await acme.create_user('ann@x.test'))['id']}"
    nonsense = {"op": "add", "path": "nonsense", "value": "x"}
    assert (await acme.patch(path, nonsense)).status_code == 200
    [logged] = [r for r in await surface.logged(acme.tenant.tenant_id) if r["dropped"]]
    assert logged["dropped"] == ["nonsense: no attribute has this name; correct the mapping"]

    await use_cases.read_strictly(acme.tenant, strict=True)
    strict = await surface.client(acme.tenant)
    refused = await strict.patch(path, nonsense)
    assert (refused.status_code, json(refused)["scimType"]) == (400, "invalidPath")
    without = await strict.call("PATCH", path, {"Operations": []})
    assert (without.status_code, json(without)["scimType"]) == (400, "invalidSyntax")

    await use_cases.read_strictly(acme.tenant, strict=False)
    again = await surface.client(acme.tenant)
    assert (await again.patch(path, nonsense)).status_code == 200


async def test_r3_groups_of_a_user_and_names_of_members_are_told_when_asked(
    surface: Surface, acme: Client
) -> None:
    ann = (await acme.create_user("ann@x.test", displayName='An"n'))["id"]
    bob = (await acme.create_user("bob@x.test", displayName=None))["id"]
    sales = await acme.create_group('Sa"les', ann, bob)
    other = await surface.tenant("other")
    await other.create_group("Theirs", (await other.create_user("ann@x.test"))["id"])
    expected = [
        {
            "value": sales["id"],
            "$ref": sales["meta"]["location"],
            "display": 'Sa"les',
            "type": "direct",
        }
    ]
    whole = json(await acme.get(f"/Users/{ann}", attributes="userName,groups"))
    assert (whole["groups"], whole["userName"]) == (expected, "ann@x.test")
    part = json(await acme.get(f"/Users/{ann}", attributes="groups.value"))
    assert part["groups"] == [{"value": sales["id"]}]
    listed = json(await acme.get("/Users", attributes="groups"))["Resources"]
    assert [user["groups"] for user in listed] == [expected, expected]
    assert "groups" not in json(await acme.get(f"/Users/{ann}"))
    edit = patch({"op": "add", "path": "title", "value": "T"})
    changed = json(await acme.call("PATCH", f"/Users/{ann}?attributes=groups", edit))
    assert changed["groups"] == expected

    path = f"/Groups/{sales['id']}"
    named = json(await acme.get(path, attributes="members"))["members"]
    assert {m["value"]: m["display"] for m in named} == {ann: 'An"n', bob: "bob@x.test"}
    assert {m["$ref"] for m in named} == {f"{ORIGIN}{acme.base}/Users/{id}" for id in (ann, bob)}
    assert "display" not in json(await acme.get(path))["members"][0]
    [found] = json(await acme.get("/Groups", attributes="members.display"))["Resources"]
    assert sorted(m["display"] for m in found["members"]) == ['An"n', "bob@x.test"]


async def test_put_of_a_group_without_members_clears_them_and_the_log_says_how_many_left(
    surface: Surface, acme: Client
) -> None:
    ann, bob = [(await acme.create_user(f"{n}@x.test"))["id"] for n in ("ann", "bob")]
    sales = (await acme.create_group("Sales", ann, bob))["id"]
    kept = (await acme.create_group("Kept", ann))["id"]

    response = await acme.call("PUT", f"/Groups/{sales}", {"displayName": "Sales"})
    assert response.status_code == 200
    assert await acme.members(sales) == set()
    assert await acme.members(kept) == {ann}
    details = [row["detail"] for row in await surface.logged(acme.tenant.tenant_id)]
    assert [detail for detail in details if detail] == [
        "Members who left, because the request did not name them: 2."
    ]


MULTI_VALUED = (
    "emails",
    "phoneNumbers",
    "addresses",
    "ims",
    "photos",
    "entitlements",
    "roles",
    "x509Certificates",
)


@pytest.mark.parametrize("attribute", MULTI_VALUED)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_two_values_of_one_type_are_both_kept(
    acme: Client, attribute: str, method: str
) -> None:
    part = "locality" if attribute == "addresses" else "value"
    two = [{"type": "work", part: f"https://x.test/{n}"} for n in (1, 2)]
    sent = {attribute: two}
    if method == "POST":
        made = await acme.create_user("ann@x.test", **sent)
    else:
        path = f"/Users/{(await acme.create_user('ann@x.test'))['id']}"
        add = {"op": "add", "path": attribute, "value": two}
        changed = (
            await acme.call("PUT", path, user("ann@x.test", **sent))
            if method == "PUT"
            else await acme.patch(path, add)
        )
        assert changed.status_code == 200, changed.text
        made = json(await acme.get(path))
    assert [(entry["type"], entry[part]) for entry in made[attribute][-2:]] == [
        ("work", f"https://x.test/{n}") for n in (1, 2)
    ]


def authorised(client: Client) -> dict[str, str]:
    return {"authorization": f"Bearer {client.token}"}


def encoded(body: Any) -> bytes:
    return orjson.dumps(body)
