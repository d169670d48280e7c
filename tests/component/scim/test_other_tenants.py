"""However another tenant's address is spelled, a token opens its own tenant and nothing else.

At the socket, because clients of HTTP tidy up what they are told to ask for.
"""

import asyncio
from uuid import UUID

import pytest

from component.chassis.raw_client import connection
from component.scim.harness import CONTENT_TYPE, Client, json
from component.scim.served import Served

SECRET = "bob-of-the-others"

SPELLINGS = {
    "plain": "/scim/v2/{o}/Users",
    "capitals": "/scim/v2/{O}/Users",
    "in capitals before it": "/SCIM/V2/{o}/Users",
    "no hyphens": "/scim/v2/{hex}/Users",
    "braces": "/scim/v2/%7B{o}%7D/Users",
    "a URN": "/scim/v2/urn:uuid:{o}/Users",
    "its name": "/scim/v2/{name}/Users",
    "percent": "/scim/v2/{percent}/Users",
    "doubled slashes": "//scim//v2//{o}//Users",
    "a slash before": "/scim/v2//{o}/Users",
    "both": "/scim/v2/{a}/{o}/Users",
    "both, joined": "/scim/v2/{a}%2F{o}/Users",
    "both, by a comma": "/scim/v2/{a},{o}/Users",
    "both, by a semicolon": "/scim/v2/{a};{o}/Users",
    "both, by a NUL": "/scim/v2/{a}%00{o}/Users",
    "a NUL behind": "/scim/v2/{o}%00/Users",
    "a blank behind": "/scim/v2/{o}%20/Users",
    "a tab before": "/scim/v2/%09{o}/Users",
    "dots": "/scim/v2/{a}/../{o}/Users",
    "dots, escaped": "/scim/v2/{a}/%2e%2e/{o}/Users",
    "dots, all escaped": "/scim/v2/{a}%2f..%2f{o}/Users",
    "dots, escaped twice": "/scim/v2/{a}%252f..%252f{o}/Users",
    "dots with a backslash": "/scim/v2/{a}\\..\\{o}\\Users",
    "dots behind": "/scim/v2/{a}/Users/../../{o}/Users",
    "a dot": "/scim/v2/./{o}/Users",
    "from the root": "/../scim/v2/{o}/Users",
    "absolute": "http://x/scim/v2/{o}/Users",
    "absolute, with a name": "http://{a}@x/scim/v2/{o}/Users",
    "a fragment": "/scim/v2/{a}/Users#/scim/v2/{o}/Users",
    "a query": "/scim/v2/{a}/Users?tenant={o}&tenant_id={o}",
    "a resource of theirs": "/scim/v2/{a}/Users/{bob}",
    "a resource of theirs, in capitals": "/scim/v2/{a}/Users/{BOB}",
    "a resource by dots": "/scim/v2/{a}/Users/..%2f..%2f{o}%2fUsers%2f{bob}",
    "a resource under both": "/scim/v2/{a}/{o}/Users/{bob}",
    "a filter by id": "/scim/v2/{a}/Users?filter=id%20eq%20%22{bob}%22",
    "a filter by name": "/scim/v2/{a}/Users?filter=userName%20eq%20%22" + SECRET + "%22",
    "their group": "/scim/v2/{a}/Groups/{group}",
    "their group by its member": "/scim/v2/{a}/Groups?filter=members%20eq%20%22{bob}%22",
}
HEADERS = (
    "x-original-url: /scim/v2/{o}/Users\r\nx-rewrite-url: /scim/v2/{o}/Users\r\n"
    "x-forwarded-prefix: /scim/v2/{o}\r\nx-tenant-id: {o}\r\nx-http-method-override: GET\r\n"
)


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
async def test_no_spelling_opens_another_tenant(served: Served, spelling: str) -> None:
    acme, other = await served.surface.tenant("acme"), await served.surface.tenant("other")
    bob = await other.create_user(SECRET)
    sales = await other.create_group("Theirs", bob["id"])
    before = await served.surface.events(other.tenant.tenant_id)
    o, a = str(other.tenant.tenant_id), str(acme.tenant.tenant_id)
    named = {
        "o": o,
        "O": o.upper(),
        "a": a,
        "hex": UUID(o).hex,
        "name": other.tenant.name,
        "percent": "".join(f"%{ord(c):02x}" for c in o),
        "bob": bob["id"],
        "BOB": bob["id"].upper(),
        "group": sales["id"],
    }
    target, headers = spelling.format(**named), HEADERS.format(**named)
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        head, body = await _asked(served, acme, f"{method} {target}", headers)
        assert SECRET.encode() not in body, (method, body)
        assert o.encode() not in body.lower(), (method, body)
        status = int(head.split()[1])
        asked = target.partition("#")[0]
        if "/Users/" in asked or "/Groups/" in asked or f"/{o}/" in asked:
            assert status >= 400, (method, head)
    assert await served.surface.events(other.tenant.tenant_id) == before
    assert json(await other.get(f"/Users/{bob['id']}")) == bob
    assert await other.members(sales["id"]) == {bob["id"]}


async def _asked(served: Served, client: Client, line: str, headers: str) -> tuple[bytes, bytes]:
    """Return the head and the body of what is answered to a request with this first line."""
    body = b'{"userName":"eve@x.test","displayName":"eve","Operations":[]}'
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        writer.write(
            f"{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}"
            f"authorization: Bearer {client.token}\r\n"
            f"content-type: {CONTENT_TYPE}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        answer = await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
    head, _, rest = answer.partition(b"\r\n\r\n")
    return head, rest


async def test_two_tokens_in_one_request_open_nothing(served: Served) -> None:
    acme, other = await served.surface.tenant("acme"), await served.surface.tenant("other")
    await other.create_user(SECRET)
    for first, second in ((acme, other), (other, acme)):
        async with connection(served.port) as client:
            await client.say(
                f"GET /scim/v2/{other.tenant.tenant_id}/Users HTTP/1.1\r\nhost: x\r\n"
                f"authorization: Bearer {first.token}\r\n"
                f"authorization: Bearer {second.token}\r\n\r\n".encode()
            )
            assert await client.status() == 400
