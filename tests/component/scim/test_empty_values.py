"""Empty values and values of which nothing is understood neither wipe nor pass for done."""

import pytest

from component.scim.harness import Client, Surface, json, replace
from scim.domain.user import ENTERPRISE_URN as ENTERPRISE

NOTHING = [None, "", [], [None], [""], {"value": None}, {"value": ""}, [{"value": ""}]]


@pytest.mark.parametrize("value", NOTHING, ids=str)
@pytest.mark.parametrize(
    "path",
    [
        'emails[type eq "work"]',
        'emails[type eq "work"].value',
        "title",
        "externalId",
        f"{ENTERPRISE}:manager",
    ],
)
async def test_adding_nothing_takes_nothing_away(acme: Client, path: str, value: object) -> None:
    made = await acme.create_user(
        "ann@example.com",
        title="CTO",
        externalId="e1",
        emails=[{"type": "work", "value": "w@x.test"}, {"type": "home", "value": "h@x.test"}],
        **{ENTERPRISE: {"manager": {"value": "m"}}},
    )
    address = f"/Users/{made['id']}"
    response = await acme.patch(address, {"op": "add", "path": path, "value": value})
    assert response.status_code == 400
    assert json(response)["scimType"] == "invalidValue"
    # Next to a change it hinders nothing, and still takes nothing away.
    both = await acme.patch(
        address, {"op": "add", "path": path, "value": value}, replace("nickName", "Annie")
    )
    if both.status_code == 200:
        after = json(both)
        assert after.pop("nickName") == "Annie"
        assert {k: v for k, v in after.items() if k != "meta"} == {
            k: v for k, v in made.items() if k != "meta"
        }


async def test_empty_values_of_an_add_without_a_path_are_left_out_and_said_to_be(
    surface: Surface, acme: Client
) -> None:
    made = await acme.create_user("ann@example.com", title="CTO", name={"givenName": "Ann"})
    value = {"title": None, "name": {"givenName": "", "familyName": "Lee"}, "nickName": "Annie"}
    response = await acme.patch(f"/Users/{made['id']}", {"op": "add", "value": value})
    after = json(response)
    assert (after["title"], after["nickName"]) == ("CTO", "Annie")
    assert after["name"] == {"givenName": "Ann", "familyName": "Lee"}
    logged = (await surface.logged(acme.tenant.tenant_id))[-1]
    assert "title: there is nothing to add; replace with null, or remove, clears" in str(
        logged["dropped"]
    )


@pytest.mark.parametrize("value", [{}, [{}], {"x": 1}, [{"x": 1}], {"emails": []}, "{}"], ids=str)
@pytest.mark.parametrize("path", ["name", f"{ENTERPRISE}:manager"])
@pytest.mark.parametrize("op", ["add", "replace"])
async def test_an_object_of_which_nothing_is_understood_is_refused(
    acme: Client, op: str, path: str, value: object
) -> None:
    made = await acme.create_user(
        "ann@example.com", name={"givenName": "Ann"}, **{ENTERPRISE: {"manager": {"value": "m"}}}
    )
    address = f"/Users/{made['id']}"
    response = await acme.patch(address, {"op": op, "path": path, "value": value})
    assert response.status_code == 400, response.text
    assert json(await acme.get(address)) == made


async def test_a_group_without_members_in_a_put_loses_them_and_the_log_says_how_many(
    surface: Surface, acme: Client
) -> None:
    users = [(await acme.create_user(f"u{n}@example.com"))["id"] for n in range(3)]
    made = await acme.create_group("Sales", *users)
    body = {"schemas": made["schemas"], "displayName": "Sales"}
    response = await acme.call("PUT", f"/Groups/{made['id']}", body)
    assert response.status_code == 200
    logged = (await surface.logged(acme.tenant.tenant_id))[-1]
    assert await acme.members(made["id"]) == set()
    assert "Members who left, because the request did not name them: 3" in str(dict(logged))
