"""No body costs more than in proportion to its size, nor more than one request may.

Counted are the steps of the interpreter, not seconds: they are the same on every machine.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest

import kernel
import scim
from chassis.ids import uuid7
from conformance.scim.harness import log_entry
from kernel.tenant import Tenant
from scim.api.request import ScimRequest
from scim.api.responses import ScimResponse
from scim.api.search import search_by_body
from scim.domain.errors import ScimError
from scim.protocol.bodies import MAX_DEPTH, MAX_VALUES, parse_body
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import (
    normalise_group,
    normalise_group_patch,
    normalise_user,
    normalise_user_patch,
)
from scim.protocol.projection import parse_projection
from scim.protocol.user_patch import patch_user
from unit.scim.hostile_bodies import GROUP_PATCHES, GROUPS, PATCHES, USERS
from unit.scim.shapes import document, op, patch_body

OURS = tuple(str(Path(package.__file__ or "").parent) for package in (kernel, scim))
FULL_SIZE = 2_097_152
MOST = 3_200_000
"""Steps of the interpreter, of which a machine of normal speed makes some 80 million a second."""

FULL_USER = document(emails=[{"value": f"v{i}", "type": f"t{i}"} for i in range(200)])

Serve = Callable[[bytes], object]


def _patch_user(raw: bytes) -> object:
    return patch_user(FULL_USER, normalise_user_patch(parse_body(raw)).operations)


def _patch_group(raw: bytes) -> object:
    return group_change(normalise_group_patch(parse_body(raw)).operations)


BODIES: dict[str, tuple[Serve, Callable[[int], bytes]]] = {
    **{f"user: {k}": (lambda raw: normalise_user(parse_body(raw)), v) for k, v in USERS.items()},
    **{f"user patch: {k}": (_patch_user, v) for k, v in PATCHES.items()},
    **{f"group: {k}": (lambda raw: normalise_group(parse_body(raw)), v) for k, v in GROUPS.items()},
    **{f"group patch: {k}": (_patch_group, v) for k, v in GROUP_PATCHES.items()},
}
EVERY_BODY = pytest.mark.parametrize(("serve", "make"), BODIES.values(), ids=BODIES.keys())


def steps(serve: Serve, raw: bytes) -> int:
    """Serve a body and count the interpreter's steps in our code."""
    count = 0

    def in_frame(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "opcode"
        return in_frame

    def enter(frame: FrameType, _event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return in_frame

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        serve(raw)
    except ScimError:
        pass
    finally:
        sys.settrace(before)
    return count


@pytest.fixture(autouse=True, scope="module")
def single_steps() -> None:
    """Let the interpreter report single steps: Python 3.12 begins with the next trace."""
    steps(parse_body, b"{}")


@EVERY_BODY
def test_twice_the_body_costs_at_most_twice_as_much(
    serve: Serve, make: Callable[[int], bytes]
) -> None:
    once, twice = steps(serve, make(20_000)), steps(serve, make(40_000))
    assert twice < 2.3 * once + 3_000, (once, twice)


@EVERY_BODY
@pytest.mark.parametrize("size", [MAX_VALUES * 6, FULL_SIZE])
def test_a_body_of_full_size_costs_no_more_than_one_request_may(
    serve: Serve, make: Callable[[int], bytes], size: int
) -> None:
    assert steps(serve, make(size)) < MOST


@pytest.mark.parametrize("kind", ["add", "remove", "replace"])
def test_limits_hold_after_every_operation(kind: str) -> None:
    values = [{"value": f"{n}"} for n in range(150)]
    others = [{"value": f"x{n}"} for n in range(150)]
    cleared = op("remove", "roles")
    body = patch_body(op("add", "roles", value=values), op("add", "roles", value=others), cleared)
    with pytest.raises(ScimError, match="more than 200 values"):
        _patch_user(orjson.dumps(body))
    alone = patch_body(op("add", "roles", value=values), op(kind, "roles", value=others), cleared)
    if kind != "add":
        assert _patch_user(orjson.dumps(alone)) == FULL_USER


DEEP = {
    "value": {"userName": "ann@example.com", "title": "DEEP"},
    "unknown name": {"userName": "ann@example.com", "nothing": "DEEP"},
    "schemas": {"userName": "ann@example.com", "schemas": "DEEP"},
    "entries": {"userName": "ann@example.com", "emails": "DEEP"},
    "operation": {"Operations": [{"op": "add", "path": "emails", "value": "DEEP"}]},
    "filter": {"filter": "DEEP"},
    "names": {"attributes": "DEEP"},
}
OPEN = {"list": (b"[", b"]"), "object": (b'{"a":', b"}")}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP.keys())
@pytest.mark.parametrize(("head", "tail"), OPEN.values(), ids=OPEN.keys())
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 1_000, 100_000])
def test_a_deep_body_is_refused(body: dict[str, Any], head: bytes, tail: bytes, depth: int) -> None:
    nested = head * depth + b"1" + tail * depth
    with pytest.raises(ScimError) as refusal:
        parse_body(orjson.dumps(body).replace(b'"DEEP"', nested))
    assert refusal.value.scim_type == "invalidSyntax"
    assert len(refusal.value.sentence) < 200


def test_brackets_in_texts_are_no_levels() -> None:
    text = "[{" * 500
    assert parse_body(orjson.dumps({"a": text})) == {"a": text}
    assert parse_body(orjson.dumps([{"a": [text]}] * 9)) == [{"a": [text]}] * 9


@pytest.mark.parametrize("names", ["a," * 40_000, "x" * 1_001, ",".join(map(str, range(300)))])
def test_lists_of_attributes_are_bounded(names: str) -> None:
    for attributes, excluded in ((names, None), (None, names)):
        with pytest.raises(ScimError, match="attribute"):
            parse_projection(attributes, excluded)


@pytest.mark.parametrize(
    "given",
    [
        {"attributes": ["userName", ["x"]]},
        {"attributes": [{}]},
        {"excludedAttributes": {"a": 1}},
        {"filter": ["x"]},
        {"count": {}},
    ],
)
async def test_a_search_takes_names_and_single_values(given: dict[str, Any]) -> None:
    with pytest.raises(ScimError) as refusal:
        await _search(given)
    assert refusal.value.scim_type == "invalidValue"


async def test_a_search_reads_what_it_knows_and_nothing_else() -> None:
    given = {"attributes": ["userName", "id"], "COUNT": 3, "x": [[[1]]], "filter": "a"}
    query = await _search(given)
    assert query == {"attributes": "userName,id", "count": "3", "filter": "a"}


async def _search(given: dict[str, Any]) -> Mapping[str, str]:
    seen: list[Mapping[str, str]] = []

    async def list_resources(request: ScimRequest) -> ScimResponse:
        seen.append(request.query)
        return ScimResponse(200)

    tenant = Tenant(uuid7(), "acme", "business", "active")
    entry = log_entry(tenant.tenant_id)
    request = ScimRequest(tenant, "http://x", "", {}, orjson.dumps(given), entry)
    await search_by_body(list_resources)(request)
    return seen[0]
