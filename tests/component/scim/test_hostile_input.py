"""Input that nobody should send: always a SCIM error that says what to change, nothing changed."""

from collections.abc import AsyncIterator

import orjson
import pytest
import structlog

from component.scim.harness import CONTENT_TYPE, Client, Surface, json, patch, replace, user

HOSTILE = {
    "empty": b"",
    "no json": b"{",
    "a list": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "invalid UTF-8": b'{"userName":"\xff\xfe"}',
    "a lone surrogate": b'{"userName":"\\ud800x"}',
    "an escaped NUL": b'{"userName":"a\\u0000b"}',
    "a NUL": b'{"userName":"a\x00b"}',
    "a deep list": b'{"userName":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a number for a name": b'{"userName":12345678901234567890123}',
    "an object for a name": b'{"userName":{}}',
    "an empty name": b'{"userName":""}',
    "no name": b'{"externalId":"x"}',
    "infinity": b'{"userName":Infinity}',
    "huge numbers": b'{"userName":"x","active":1e400}',
}


@pytest.mark.parametrize("target", ["POST /Users", "POST /Groups", "PUT", "PATCH", "PATCH group"])
async def test_hostile_bodies(surface: Surface, acme: Client, target: str) -> None:
    ann = await acme.create_user("ann@example.com")
    sales = await acme.create_group("Sales")
    paths = {
        "PUT": f"PUT /Users/{ann['id']}",
        "PATCH": f"PATCH /Users/{ann['id']}",
        "PATCH group": f"PATCH /Groups/{sales['id']}",
    }
    method, _, path = paths.get(target, target).partition(" ")
    before = await surface.events(acme.tenant.tenant_id)
    for name, body in HOSTILE.items():
        response = await acme.call(method, path, content=body)
        assert response.status_code == 400, (name, response.text)
        assert json(response)["scimType"] in ("invalidSyntax", "invalidValue"), name
    assert await surface.events(acme.tenant.tenant_id) == before


async def test_nothing_too_long_for_an_index_breaks_the_service(acme: Client) -> None:
    for long in (
        user("x" * 3_000 + "@example.com"),
        user("ann@example.com", externalId="y" * 9_000),
        user("bob@example.com", emails=[{"type": "work", "value": "é" * 9_000}]),
        user("cai@example.com", displayName="z" * 200_000),
    ):
        response = await acme.call("POST", "/Users", long)
        assert response.status_code in (201, 400), response.text
        if response.status_code == 400:
            assert json(response)["scimType"] == "invalidValue"
    response = await acme.call("POST", "/Groups", {"displayName": "é" * 9_000})
    assert response.status_code in (201, 400), response.text


async def test_a_user_larger_than_is_kept(surface: Surface, acme: Client) -> None:
    for size in (surface.settings.max_user_bytes, 1_500_000):
        large = user("ann@example.com", x509Certificates=[{"value": "x" * size}])
        response = await acme.call("POST", "/Users", large)
        assert response.status_code == 413
        assert "map fewer or shorter attributes" in json(response)["detail"]
    assert json(await acme.get("/Users"))["totalResults"] == 0
    assert await surface.events(acme.tenant.tenant_id) == []


async def test_a_user_does_not_grow_beyond_what_is_kept(surface: Surface, acme: Client) -> None:
    half = "x" * (surface.settings.max_user_bytes // 2)
    ann = await acme.create_user("ann@example.com", x509Certificates=[{"value": half}])
    more = {"op": "add", "path": "x509Certificates", "value": [{"value": half + "y"}]}
    assert (await acme.patch(f"/Users/{ann['id']}", more)).status_code == 413
    deactivated = await acme.patch(f"/Users/{ann['id']}", replace("active", False))
    assert json(deactivated)["active"] is False
    assert json(deactivated)["x509Certificates"] == ann["x509Certificates"]


async def test_a_user_from_before_the_limit_can_be_deactivated(
    surface: Surface, acme: Client
) -> None:
    ann = await acme.create_user("ann@example.com")
    large = {"userName": "a" * 3_000, "active": True, "title": "x" * 100_000}
    await surface.pool.execute(
        "UPDATE users SET document = $1, user_name = $2", orjson.dumps(large), large["userName"]
    )
    deactivated = await acme.patch(f"/Users/{ann['id']}", replace("active", False))
    assert deactivated.status_code == 200, deactivated.text
    assert json(deactivated)["active"] is False
    name = f"{'0' * 32}{'a' * 1_000}"
    assert (await acme.patch(f"/Users/{ann['id']}", replace("userName", name))).status_code == 200
    shorter = await acme.patch(f"/Users/{ann['id']}", replace("title", "x" * 4_096))
    assert shorter.status_code == 200


async def test_a_value_longer_than_anybody_writes(acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    for operation in (replace("title", "é" * 2_049), replace("name.givenName", "x" * 900_000)):
        response = await acme.patch(f"/Users/{ann['id']}", operation)
        assert (response.status_code, json(response)["scimType"]) == (400, "invalidValue")
        assert len(json(response)["detail"]) < 100
    assert json(await acme.patch(f"/Users/{ann['id']}", replace("title", "x" * 4_096)))["title"]


async def test_duplicate_keys_are_read_like_the_last_one(acme: Client) -> None:
    response = await acme.call(
        "POST", "/Users", content=b'{"userName":"first@example.com","userName":"last@example.com"}'
    )
    assert (response.status_code, json(response)["userName"]) == (201, "last@example.com")


DEEP = {
    f"{name} {depth}": head + opening * depth + b"1" + closing * depth + tail
    for name, head, tail in (
        ("user", b'{"userName":"ann@example.com","title":', b"}"),
        ("patch", b'{"Operations":[{"op":"add","path":"emails","value":', b"}]}"),
        ("search", b'{"attributes":', b"}"),
        ("filter", b'{"filter":', b"}"),
        ("schemas", b'{"userName":"ann@example.com","schemas":', b"}"),
    )
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"))
    for depth in (100, 1_000, 20_000)
}


async def test_deep_bodies_are_refused_and_hardly_logged(acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    for name, body in DEEP.items():
        for method, path in (
            ("POST", "/Users"),
            ("PUT", f"/Users/{ann['id']}"),
            ("PATCH", f"/Users/{ann['id']}"),
            ("POST", "/Users/.search"),
            ("POST", "/Groups"),
        ):
            with structlog.testing.capture_logs() as logged:
                response = await acme.call(method, path, content=body)
            assert response.status_code == 400, (name, path, response.text)
            assert json(response)["scimType"] == "invalidSyntax", (name, path)
            assert len(repr(logged)) <= 300, (name, path, logged)


async def test_bodies_of_too_many_values_are_refused(acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    for value in (b'"x",' * 400_000 + b'"x"', b"{}," * 500_000 + b"{}", b"null," * 60_000 + b"1"):
        body = b'{"Operations":[{"op":"add","path":"emails","value":[' + value + b"]}]}"
        response = await acme.call("PATCH", f"/Users/{ann['id']}", content=body)
        assert response.status_code == 413, response.text
        assert "send several" in json(response)["detail"]


FILTERS = [
    "userName",
    "userName eq",
    'userName eq "x',
    'userName co "x"',
    'userName eq "x" or userName eq "y"',
    'nothing eq "x"',
    "(" * 50 + 'userName eq "x"' + ")" * 50,
    " and ".join(['userName eq "x"'] * 30),
    'userName eq "' + "x" * 5_000 + '"',
    'userName eq "a\x00b"',
    'externalId eq "a\\u0000b"',
    "externalId eq a\x00b",
    'id eq "\x00"',
]


async def test_hostile_filters(acme: Client) -> None:
    for wanted in FILTERS:
        response = await acme.get("/Users", filter=wanted)
        assert response.status_code in (200, 400), (wanted, response.text)
        if response.status_code == 400:
            assert json(response)["scimType"] == "invalidFilter", wanted
        else:
            assert json(response)["totalResults"] == 0, wanted


async def test_hostile_queries_and_paths(acme: Client) -> None:
    for path in (
        "/Users?filter=%FF%FE",
        "/Users?" + "a=1&" * 500,
        "/Users?attributes=%00,,.,a.b.c.d",
    ):
        assert (await acme.call("GET", path)).status_code in (200, 400)
    for path in ("/Users/%00", "/Users/" + "x" * 5_000, "/Users/%FF", "/Userss"):
        assert (await acme.call("GET", path)).status_code == 404
    response = await acme.call("POST", "/Users/" + "0" * 36, {})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, PUT, PATCH, DELETE"
    assert (await acme.call("DELETE", "/Users")).status_code == 405
    assert (await acme.call("POST", "/Bulk", {})).status_code == 404


async def test_a_nul_in_a_path_keeps_nobody_out_of_the_log(surface: Surface, acme: Client) -> None:
    other = await surface.tenant("other")
    assert (await acme.call("GET", "/Users/%00")).status_code == 404
    await other.get("/Users")
    [row] = await surface.logged(acme.tenant.tenant_id)
    assert (row["status"], row["resource_id"]) == (404, "\N{REPLACEMENT CHARACTER}")
    assert len(await surface.logged(other.tenant.tenant_id)) == 1


async def test_slashes_too_many(acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    for path in ("//Users", "/Users/", f"/Users/{ann['id']}/", f"//Users/{ann['id']}"):
        assert (await acme.get(path)).status_code == 200, path


async def test_bodies_over_the_limit(surface: Surface, acme: Client) -> None:
    body = b'{"userName":"' + b"x" * surface.settings.max_body_bytes + b'"}'
    assert (await acme.call("POST", "/Users", content=body)).status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 65_536):
            yield body[at : at + 65_536]

    headers = {"authorization": f"Bearer {acme.token}", "content-type": CONTENT_TYPE}
    response = await surface.http.post(acme.base + "/Users", content=chunks(), headers=headers)
    assert response.status_code == 413
    assert response.headers["content-type"] == CONTENT_TYPE
    assert json(response)["status"] == "413"


async def test_patches_that_cannot_be(acme: Client) -> None:
    ann = await acme.create_user("ann@example.com")
    path = f"/Users/{ann['id']}"
    for operation in (
        {"op": "Remove", "path": "userName"},
        {"op": "Replace", "path": "userName", "value": ""},
        {"op": "Replace", "path": "userName", "value": "a\x00b"},
        {"op": "Jump", "path": "title", "value": "x"},
        {"op": "Remove"},
        {"op": "Replace", "path": "emails[type eq", "value": "x"},
        {"op": "Replace", "path": "active", "value": "perhaps"},
    ):
        response = await acme.patch(path, operation, replace("title", "lost"))
        assert response.status_code == 400, operation
        assert json(response)["scimType"], operation
    assert json(await acme.get(path)) == ann
    many = patch(*[replace("title", "x")] * 1_001)
    assert (await acme.call("PATCH", path, many)).status_code == 413
