"""However large what is asked for, an answer holds little memory, read or not."""

import asyncio
import tracemalloc
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from chassis.ids import uuid7
from component.scim.harness import Client, Surface, group, json
from component.scim.served import Served, on_the_socket
from scim.api import users
from scim.api.groups import MAX_COUNT_WITH_MEMBERS
from scim.protocol.bodies import user_bytes
from scim.protocol.paging import MAX_BYTES
from scim.usecases.ports import MEMBERS_AT_ONCE

LARGE = 2 * MEMBERS_AT_ONCE + 10
HUGE = 60_000
READERS = 15
TENANTS = 5
MEBIBYTE = 1024 * 1024

ADD_USERS = """
    INSERT INTO users (tenant_id, id, user_name, user_name_key, email_keys, active, soft_deleted,
                       origin, version, created_at, updated_at, document)
    SELECT $1, id, id::text, id::text, '{}', true, false, 'scim', 1, now(), now(), $3
    FROM unnest($2::uuid[]) AS id
"""
ADD_MEMBERS = """
    INSERT INTO group_members (tenant_id, group_id, user_id)
    SELECT $1, $2, id FROM unnest($3::uuid[]) AS id
"""


async def fill(surface: Surface, client: Client, group_id: str, number: int) -> list[str]:
    """Put so many users into a group; return their ids in order."""
    tenant_id, members = client.tenant.tenant_id, [uuid7() for _ in range(number)]
    document = orjson.dumps({"userName": "x"})
    await surface.pool.execute(ADD_USERS, tenant_id, members, document)
    await surface.pool.execute(ADD_MEMBERS, tenant_id, UUID(group_id), members)
    return sorted(map(str, members))


def values(body: dict[str, Any]) -> list[str]:
    return [member["value"] for member in body["members"]]


@pytest.mark.parametrize("number", [MEMBERS_AT_ONCE, MEMBERS_AT_ONCE + 1, LARGE])
async def test_all_members_of_a_group_are_told_once_whatever_their_number(
    surface: Surface, acme: Client, number: int
) -> None:
    made = await acme.create_group("Everybody")
    path = f"/Groups/{made['id']}"
    members = await fill(surface, acme, made["id"], number)
    response = await acme.get(path)
    whole = json(response)
    assert values(whole) == members
    assert whole["members"][-1].keys() == {"value", "$ref", "type"}
    assert whole["displayName"] == "Everybody"
    assert whole["meta"]["location"] == response.headers["content-location"]
    some = json(await acme.get(path, attributes="members.value"))
    assert some.keys() == {"schemas", "id", "members"}
    assert some["members"] == [{"value": member} for member in members]
    slim = json(await acme.get(path, excludedAttributes="members"))
    assert "members" not in slim
    authorization = {"authorization": f"Bearer {acme.token}"}
    head = await acme.http.head(acme.base + path, headers=authorization)
    assert (head.status_code, head.content) == (200, b"")


async def test_a_large_group_is_answered_to_those_who_made_or_changed_it(
    surface: Surface, acme: Client
) -> None:
    other = await acme.create_group("Others")
    members = await fill(surface, acme, other["id"], LARGE)
    made = await acme.call("POST", "/Groups", group("Everybody", *members))
    assert made.status_code == 201
    assert values(json(made)) == members
    path = f"/Groups/{json(made)['id']}"
    put = await acme.call("PUT", path, group("Everyone", *members))
    assert put.status_code == 200
    assert values(json(put)) == members


async def test_a_list_has_pages_that_fit_and_walking_it_finds_everything(
    surface: Surface, acme: Client
) -> None:
    sizes = [3, LARGE, 0, MEMBERS_AT_ONCE, LARGE, 5]
    expected = {}
    for number, size in enumerate(sizes):
        made = await acme.create_group(f"g{number}")
        expected[made["id"]] = await fill(surface, acme, made["id"], size)
    found: dict[str, list[str]] = {}
    pages, start = [], 1
    while len(found) < len(sizes):
        page = json(await acme.get("/Groups", startIndex=str(start), count="50"))
        assert page["totalResults"] == len(sizes)
        assert page["itemsPerPage"] == len(page["Resources"]) > 0
        found |= {each["id"]: values(each) for each in page["Resources"]}
        pages.append(page["itemsPerPage"])
        start += page["itemsPerPage"]
    assert found == expected
    assert pages == [1, 1, 2, 1, 1]
    whole = json(await acme.get("/Groups", excludedAttributes="members", count="50"))
    assert whole["itemsPerPage"] == len(sizes)


async def test_a_page_with_members_has_a_hundred_groups_at_most(
    surface: Surface, acme: Client
) -> None:
    for number in range(MAX_COUNT_WITH_MEMBERS + 1):
        await acme.create_group(f"g{number}")
    page = json(await acme.get("/Groups", count="500"))
    assert (page["totalResults"], page["itemsPerPage"]) == (101, 100)


async def test_a_page_of_large_users_is_shorter_than_asked_for(
    surface: Surface, acme: Client
) -> None:
    document = orjson.dumps({"userName": "x", "nickName": "n" * 60_000})
    ids = [uuid7() for _ in range(100)]
    await surface.pool.execute(ADD_USERS, acme.tenant.tenant_id, ids, document)
    seen: list[str] = []
    while len(seen) < len(ids):
        response = await acme.get("/Users", startIndex=str(len(seen) + 1), count="100")
        page = json(response)
        assert page["totalResults"] == len(ids)
        assert page["itemsPerPage"] == len(page["Resources"]) > 0
        assert len(response.content) <= MAX_BYTES + 1_000
        seen += [each["id"] for each in page["Resources"]]
    assert seen == sorted(map(str, ids))


@pytest.mark.parametrize("asked", [{}, {"attributes": "nickName,groups"}], ids=["all", "groups"])
async def test_what_a_page_has_no_room_for_is_not_built(
    surface: Surface, acme: Client, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    document = orjson.dumps({"userName": "x", "nickName": "n" * 60_000})
    ids = [uuid7() for _ in range(200)]
    await surface.pool.execute(ADD_USERS, acme.tenant.tenant_id, ids, document)
    everybody = await acme.create_group("Everybody", *map(str, ids))
    built: list[UUID] = []

    def counting(*args: Any, **named: Any) -> bytes:
        built.append(named["id"])
        return user_bytes(*args, **named)

    monkeypatch.setattr(users, "user_bytes", counting)
    with surface.statements as statements:
        page = json(await acme.get("/Users", count="200", **asked))
    assert len(built) == page["itemsPerPage"] + 1
    assert 2 * users.USERS_AT_ONCE < page["itemsPerPage"] < len(ids)
    lookups = [text for text in statements.texts if "found.display_name" in text]
    assert len(lookups) == (-(-len(built) // users.USERS_AT_ONCE) if asked else 0)
    if asked:
        told = {each["groups"][0]["value"] for each in page["Resources"]}
        assert told == {everybody["id"]}


async def test_who_does_not_read_what_he_asked_for_holds_little_memory_and_no_connection(
    served: Served,
) -> None:
    surface = served.surface
    tenants = [await surface.tenant(f"t{number}") for number in range(TENANTS)]
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        heads = []
        for tenant in tenants:
            client = on_the_socket(tenant, served, http)
            made = await client.create_group("Everybody")
            await fill(surface, client, made["id"], HUGE)
            heads.append(
                f"GET {client.base}/Groups/{made['id']} HTTP/1.1\r\nhost: x\r\n"
                f"authorization: Bearer {client.token}\r\n\r\n".encode()
            )
        other = on_the_socket(await surface.tenant("other"), served, http)
        tracemalloc.start()
        stack.callback(tracemalloc.stop)
        before, _ = tracemalloc.get_traced_memory()
        for head in heads * (READERS // TENANTS):
            _, writer = await asyncio.open_connection("127.0.0.1", served.port)
            stack.callback(writer.close)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(head)
        held = 0
        for number in range(20):
            # Another is served, and meanwhile the server has sent what it could.
            await other.create_user(f"ann{number}@example.com")
            held = max(held, tracemalloc.get_traced_memory()[0] - before)
        assert surface.pool.get_idle_size() == surface.pool.get_size()
    # Each of them asked for six megabytes.
    assert held < READERS * MEBIBYTE
