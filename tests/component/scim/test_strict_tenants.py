"""A tenant that is read strictly gets the RFC's errors wherever it is only tolerated otherwise.

Every tolerance is a unit test; here each kind of request is asked over HTTP whether it is strict.
"""

from typing import Any

import pytest

from chassis.clock import SystemClock
from chassis.outbox import OutboxSignal
from component.scim.harness import (
    GROUP_URN,
    PATCH_URN,
    USER_URN,
    Client,
    Json,
    Surface,
    add_members,
    json,
    patch,
)
from scim import wiring

SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
USER: Json = {"schemas": [USER_URN], "userName": "eve@x.test"}
GROUP: Json = {"schemas": [GROUP_URN], "displayName": "New"}
Request = tuple[str, str, Any]

TOLERATED: dict[str, tuple[Request, str]] = {
    "POST user, an unknown key": (("POST", "/Users", USER | {"nonsense": 1}), "invalidSyntax"),
    "POST user, no schemas": (("POST", "/Users", {"userName": "eve@x.test"}), "invalidSyntax"),
    "POST user, true as text": (("POST", "/Users", USER | {"active": "True"}), "invalidValue"),
    "POST user, a bare extension": (("POST", "/Users", USER | {"department": "D"}), "invalidPath"),
    "POST user, a path as key": (
        ("POST", "/Users", USER | {"name.givenName": "E"}),
        "invalidSyntax",
    ),
    "PUT user, an unknown key": (("PUT", "{user}", USER | {"nonsense": 1}), "invalidSyntax"),
    "PUT user, no schemas": (("PUT", "{user}", {"userName": "eve@x.test"}), "invalidSyntax"),
    "PUT user, another's schemas": (
        ("PUT", "{user}", USER | {"schemas": [GROUP_URN]}),
        "invalidSyntax",
    ),
    "POST group, an unknown key": (("POST", "/Groups", GROUP | {"mail": "x"}), "invalidSyntax"),
    "POST group, no schemas": (("POST", "/Groups", {"displayName": "New"}), "invalidSyntax"),
    "POST group, bare ids": (("POST", "/Groups", GROUP | {"members": ["{id}"]}), "invalidValue"),
    "PUT group, an unknown key": (("PUT", "{group}", GROUP | {"mail": "x"}), "invalidSyntax"),
    "PUT group, members wrapped": (
        ("PUT", "{group}", GROUP | {"members": {"members": [{"value": "{id}"}]}}),
        "invalidValue",
    ),
    "PATCH group, no schemas": (
        ("PATCH", "{group}", {"Operations": [{"op": "add", "path": "displayName", "value": "N"}]}),
        "invalidSyntax",
    ),
    "PATCH group, an unknown path": (
        ("PATCH", "{group}", patch({"op": "add", "path": "nonsense", "value": "x"})),
        "invalidPath",
    ),
    "PATCH group, Add": (("PATCH", "{group}", patch(add_members("{id}"))), "invalidSyntax"),
    "PATCH group, removed by value": (
        (
            "PATCH",
            "{group}",
            patch({"op": "remove", "path": "members", "value": [{"value": "{id}"}]}),
        ),
        "invalidValue",
    ),
    "PATCH group, an echo": (
        (
            "PATCH",
            "{group}",
            patch({"op": "replace", "value": {"id": "{gid}", "displayName": "N"}}),
        ),
        "mutability",
    ),
    "PATCH group, nothing": (("PATCH", "{group}", patch()), "invalidSyntax"),
    "PATCH user, nothing": (("PATCH", "{user}", {"schemas": [PATCH_URN], "Operations": []}), ""),
    "find users, single quotes": (("GET", "/Users?filter=userName eq 'x'", None), "invalidFilter"),
    "find users, no quotes": (("GET", "/Users?filter=userName eq x", None), "invalidFilter"),
    "find users, true as text": (
        ("GET", '/Users?filter=active eq "True"', None),
        "invalidFilter",
    ),
    "find users, a bare extension": (
        ("GET", '/Users?filter=manager eq "{id}"', None),
        "invalidFilter",
    ),
    "find users, true as text beside another clause": (
        ("GET", '/Users?filter=displayName eq "x" and ACTIVE eq "False"', None),
        "invalidFilter",
    ),
    "find groups, single quotes": (
        ("GET", "/Groups?filter=displayName eq 'x'", None),
        "invalidFilter",
    ),
    "search users": (
        ("POST", "/Users/.search", {"schemas": [SEARCH_URN], "filter": "userName eq 'x'"}),
        "invalidFilter",
    ),
    "search groups": (
        ("POST", "/Groups/.search", {"schemas": [SEARCH_URN], "filter": "displayName eq x"}),
        "invalidFilter",
    ),
    "search without schemas": (("POST", "/Users/.search", {"count": 1}), "invalidSyntax"),
}
SPECIFIED: dict[str, Request] = {
    "POST user": ("POST", "/Users", USER | {"active": True}),
    "POST user, read-only attributes": ("POST", "/Users", USER | {"id": "x", "meta": {}}),
    "PUT user": ("PUT", "{user}", USER),
    "PATCH user": ("PATCH", "{user}", patch({"op": "add", "path": "title", "value": "T"})),
    "POST group": ("POST", "/Groups", GROUP | {"members": [{"value": "{id}", "type": "User"}]}),
    "PUT group": ("PUT", "{group}", GROUP),
    "PATCH group": (
        "PATCH",
        "{group}",
        patch({"op": "remove", "path": 'members[value eq "{id}"]'}),
    ),
    "find users": ("GET", '/Users?filter=userName eq "x" and active eq true', None),
    "search groups": (
        "POST",
        "/Groups/.search",
        {"schemas": [SEARCH_URN], "filter": 'displayName eq "x"', "attributes": ["id"]},
    ),
}


async def both(surface: Surface) -> tuple[Client, Client]:
    """Return a tenant's clients, tolerant and strict, and what requests are about."""
    acme, strict = await surface.tenant("acme"), await surface.tenant("strict")
    use_cases = wiring.use_cases(surface.settings, surface.pool, OutboxSignal(), SystemClock())
    await use_cases.read_strictly(strict.tenant, strict=True)
    return acme, await surface.client(strict.tenant)


async def asked(client: Client, request: Request) -> Any:
    body: Json = {"schemas": [USER_URN], "userName": "ann@x.test"}
    ann = json(await client.call("POST", "/Users", body))["id"]
    body = {"schemas": [GROUP_URN], "displayName": "Sales", "members": [{"value": ann}]}
    sales = json(await client.call("POST", "/Groups", body))["id"]
    named = {"{user}": f"/Users/{ann}", "{group}": f"/Groups/{sales}", "{id}": ann, "{gid}": sales}

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: fill(given) for name, given in value.items()}
        if isinstance(value, list):
            return [fill(given) for given in value]
        if isinstance(value, str):
            for name, text in named.items():
                value = value.replace(name, text)
        return value

    method, path, sent = fill(list(request))
    before = await client.get("/Users"), await client.get("/Groups")
    path, _, query = path.partition("?filter=")
    extra: Json = {"params": {"filter": query}} if query else {}
    answer = await client.call(method, path, sent, **extra)
    after = await client.get("/Users"), await client.get("/Groups")
    if answer.status_code >= 400:
        assert [each.content for each in after] == [each.content for each in before]
    return answer


@pytest.mark.parametrize(("request_", "scim_type"), TOLERATED.values(), ids=TOLERATED.keys())
async def test_e9_what_is_tolerated_is_refused_to_a_strict_tenant(
    surface: Surface, request_: Request, scim_type: str
) -> None:
    acme, strict = await both(surface)
    tolerated = await asked(acme, request_)
    assert tolerated.status_code < 300, tolerated.text
    refused = await asked(strict, request_)
    assert (refused.status_code, json(refused)["scimType"]) == (400, scim_type or "invalidSyntax")


@pytest.mark.parametrize("request_", SPECIFIED.values(), ids=SPECIFIED.keys())
async def test_e9_what_the_rfcs_have_is_served_to_both(surface: Surface, request_: Request) -> None:
    for client in await both(surface):
        answer = await asked(client, request_)
        assert answer.status_code < 300, answer.text
