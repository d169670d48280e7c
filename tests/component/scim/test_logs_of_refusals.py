"""Whatever is refused, however large, leaves 300 bytes of log at most, and nothing of itself."""

from typing import Any

import orjson
import pytest
import structlog

from chassis.ids import uuid7
from component.scim.harness import CONTENT_TYPE, Client, Surface, group, patch, replace, user

LONG = "s3cret" * 5_000
TEXT = {"content-type": "text/plain"}

REFUSED: dict[str, tuple[int, str, str, Any, dict[str, str]]] = {
    "400 no JSON": (400, "POST", "/Users", LONG.encode(), {}),
    "400 an odd name": (400, "POST", "/Users", {"userName": {LONG: LONG}}, {}),
    "400 a wrong value": (400, "POST", "/Users", user("a", active=LONG), {}),
    "400 a long name": (400, "POST", "/Users", user(LONG), {}),
    "400 many of them": (
        400,
        "POST",
        "/Users",
        user("a@x", emails=[{"value": f"{n}{LONG[:2_100]}"} for n in range(50)]),
        {},
    ),
    "400 an odd path": (400, "PATCH", "{user}", patch(replace(f'emails[{LONG} eq "x"]', 1)), {}),
    "400 an odd operation": (400, "PATCH", "{user}", patch({"op": LONG}), {}),
    "400 what is read-only": (400, "PATCH", "{user}", patch(replace("id", LONG)), {}),
    "400 another's id": (
        400,
        "PATCH",
        "{user}",
        patch({"op": "replace", "value": {"id": LONG}}),
        {},
    ),
    "400 an odd filter": (400, "GET", f'/Users?filter={LONG[:5_000]} eq "x', None, {}),
    "400 an odd count": (400, "GET", f"/Users?count={LONG[:5_000]}", None, {}),
    "400 many attributes": (400, "GET", f"/Users?attributes={'a,' * 300}", None, {}),
    "400 strangers in a group": (
        400,
        "POST",
        "/Groups",
        group("G", *(str(uuid7()) for _ in range(500))),
        {},
    ),
    "400 an odd search": (400, "POST", "/Groups/.search", {"filter": LONG}, {}),
    "401 a wrong token": (401, "GET", "/Users", None, {"authorization": f"Bearer {LONG}"}),
    "401 no token": (401, "GET", "/Users", None, {"authorization": ""}),
    "404 nobody": (404, "GET", f"/Users/{LONG[:5_000]}", None, {}),
    "404 nothing": (404, "GET", f"/{LONG[:5_000]}", None, {}),
    "405": (405, "DELETE", "/Users", None, {}),
    "409 a name that is taken": (409, "POST", "/Users", user("a" * 2_000), {}),
    "409 a group's": (409, "POST", "/Groups", group("g" * 2_000), {}),
    "413 many values": (413, "POST", "/Users", b"[" + b"0," * 60_000 + b"0]", {}),
    "413 a large user": (
        413,
        "POST",
        "/Users",
        user("b@x", x509Certificates=[{"value": f"{n}" + LONG[:3_000]} for n in range(60)]),
        {},
    ),
    "413 many operations": (413, "PATCH", "{user}", patch(*[replace("title", "x")] * 1_001), {}),
    "415": (415, "POST", "/Users", LONG.encode(), TEXT),
    "501": (501, "GET", "/Me", None, {}),
}


@pytest.fixture
async def sent(surface: Surface, acme: Client) -> str:
    ann = await acme.create_user("a" * 2_000)
    await acme.create_group("g" * 2_000)
    return f"/Users/{ann['id']}"


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED.keys())
async def test_a_refusal_logs_little(
    surface: Surface, acme: Client, sent: str, refused: tuple[int, str, str, Any, dict[str, str]]
) -> None:
    status, method, path, body, headers = refused
    content = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
    path, _, query = path.replace("{user}", sent).partition("?")
    name, _, value = query.partition("=")
    with structlog.testing.capture_logs() as logged:
        answer = await acme.http.request(
            method,
            acme.base + path,
            content=content,
            params={name: value} if name else None,
            headers={
                "authorization": f"Bearer {acme.token}",
                "content-type": CONTENT_TYPE,
            }
            | headers,
        )
    assert answer.status_code == status, answer.text[:300]
    assert len(repr(logged)) <= 300, logged
    assert "s3cret" not in repr(logged)
    assert not [entry for entry in logged if "exc_info" in entry]
    # What the client and the provisioning log are told is bounded as well.
    assert len(answer.content) <= 1_000
    rows = await surface.logged(acme.tenant.tenant_id)
    if status != 401:
        assert len(str(rows[-1]["detail"])) <= 1_000
        assert rows[-1]["status"] == status


@pytest.mark.parametrize("rate", ["limit", "byte_limit"])
async def test_too_many_requests_log_little(surface: Surface, acme: Client, rate: str) -> None:
    getattr(surface.scim, rate)._rate = 0.0001
    getattr(surface.scim, rate)._burst = 1.0
    with structlog.testing.capture_logs() as logged:
        answers = [await acme.call("POST", "/Users", user(f"{n}@x")) for n in range(3)]
    assert answers[-1].status_code == 429
    assert len(repr(logged)) <= 300, logged
