"""Response bodies, projection and paging."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from kernel.errors import Kind
from scim.domain.errors import ScimError, not_found, uniqueness
from scim.domain.group import Group
from scim.protocol import bodies
from scim.protocol.paging import MAX_COUNT, parse_page
from scim.protocol.projection import parse_projection
from unit.scim.shapes import CORE, ENTERPRISE, GROUP, M, document

BASE = "https://scim.example.com/scim/v2/t"
ID, MEMBER = UUID(M), UUID(int=1 << 64)
META = bodies.Meta(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 2, 3, tzinfo=UTC), 3)
ANN = document(
    displayName='An"n',
    name={"givenName": "Ann", "familyName": "Lee"},
    emails=[{"type": "work", "value": "a@x"}, {"value": "b@x"}],
    department="Sales",
    manager="m",
)


def served(stored: bytes) -> Any:
    return orjson.loads(bodies.user_bytes(stored, id=ID, base_url=BASE, meta=META))


def test_a_user_is_its_document_with_what_belongs_around_it() -> None:
    assert served(bodies.encode_document(ANN)) == {
        "schemas": [CORE, ENTERPRISE],
        "id": M,
        **ANN,
        "meta": {
            "resourceType": "User",
            "created": "2026-01-02T03:04:05Z",
            "lastModified": "2026-02-03T00:00:00Z",
            "location": f"{BASE}/Users/{M}",
            "version": 'W/"3"',
        },
    }


def test_schemas_name_the_extension_only_when_it_is_there() -> None:
    sly = document(title=f'"{ENTERPRISE}":')

    assert served(bodies.encode_document(sly))["schemas"] == [CORE]


def test_a_document_in_the_databases_own_spacing_is_served_too() -> None:
    spaced = orjson.dumps(ANN).replace(b'":', b'": ')

    assert served(spaced)["schemas"] == [CORE, ENTERPRISE]


def test_a_group_with_and_without_members() -> None:
    group = Group(ID, 3, 'Sa"les', "e")

    body = orjson.loads(bodies.group_bytes(group, members=[MEMBER], base_url=BASE, meta=META))
    bare = orjson.loads(
        bodies.group_bytes(Group(ID, 1, "S", None), members=None, base_url=BASE, meta=META)
    )

    assert (body["schemas"], body["displayName"], body["externalId"]) == ([GROUP], 'Sa"les', "e")
    assert body["members"] == [
        {"value": str(MEMBER), "$ref": f"{BASE}/Users/{MEMBER}", "type": "User"}
    ]
    assert body["meta"]["location"] == f"{BASE}/Groups/{M}"
    assert not bare.keys() & {"members", "externalId"}


def test_an_empty_list_still_lists() -> None:
    assert orjson.loads(bodies.list_bytes([], total=0, start_index=1)) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }


def test_a_page_tells_where_it_is() -> None:
    page = orjson.loads(bodies.list_bytes([b'{"id":"1"}', b'{"id":"2"}'], total=9, start_index=4))

    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (9, 4, 2)
    assert page["Resources"] == [{"id": "1"}, {"id": "2"}]


def test_errors_carry_their_status_as_a_string() -> None:
    assert orjson.loads(bodies.error_bytes(uniqueness("Taken."))) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409",
        "scimType": "uniqueness",
        "detail": "Taken.",
    }
    assert "scimType" not in orjson.loads(bodies.error_bytes(not_found("Gone.")))


def test_every_kind_of_error_has_a_status() -> None:
    assert {bodies.status_of(ScimError(kind, "x")) for kind in Kind} == {
        *(400, 401, 403, 404, 409, 412, 413, 429, 503)
    }


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'"\\ud800"', b"{'a':1}"])
def test_what_is_no_json_is_invalid_syntax(raw: bytes) -> None:
    with pytest.raises(ScimError, match="not valid JSON") as refusal:
        bodies.parse_body(raw)

    assert refusal.value.scim_type == "invalidSyntax"


RESOURCE = bodies.user_bytes(orjson.dumps(ANN), id=ID, base_url=BASE, meta=META)
WHOLE = orjson.loads(RESOURCE)
KEPT: dict[str, dict[str, Any]] = {
    "id": {},
    "userName": {"userName": ANN["userName"]},
    "USERNAME, displayName": {"userName": ANN["userName"], "displayName": 'An"n'},
    f"{CORE}:userName": {"userName": ANN["userName"]},
    "name.givenName": {"name": {"givenName": "Ann"}},
    "name.givenName,name": {"name": ANN["name"]},
    "name,name.givenName": {"name": ANN["name"]},
    "emails.type": {"emails": [{"type": "work"}]},
    f"{CORE}:emails.value": {"emails": [{"value": "a@x"}, {"value": "b@x"}]},
    ENTERPRISE: {ENTERPRISE: ANN[ENTERPRISE]},
    f"{ENTERPRISE}:department": {ENTERPRISE: {"department": "Sales"}},
    f"{ENTERPRISE}:manager.value": {ENTERPRISE: {"manager": {"value": "m"}}},
    "department": {ENTERPRISE: {"department": "Sales"}},
    "meta.location": {"meta": {"location": WHOLE["meta"]["location"]}},
    "userName.nope": {},
    "nope,urn:nope:x": {},
}


@pytest.mark.parametrize(("attributes", "kept"), KEPT.items(), ids=KEPT.keys())
def test_attributes(attributes: str, kept: dict[str, Any]) -> None:
    projection = parse_projection(attributes, None)

    assert projection is not None
    always = {"schemas": WHOLE["schemas"], "id": M}
    assert orjson.loads(projection.apply(RESOURCE)) == always | kept


LEFT_OUT: dict[str, dict[str, Any]] = {
    "name": {k: v for k, v in WHOLE.items() if k != "name"},
    "NAME.GivenName": {**WHOLE, "name": {"familyName": "Lee"}},
    "emails.type": {**WHOLE, "emails": [{"value": "a@x"}, {"value": "b@x"}]},
    "department,meta,id,name,emails,displayName": {
        "schemas": WHOLE["schemas"],
        "id": M,
        "userName": ANN["userName"],
        "active": True,
        ENTERPRISE: {"manager": {"value": "m"}},
    },
    "userName.nope": WHOLE,
    "nope": WHOLE,
}


@pytest.mark.parametrize(("excluded", "left"), LEFT_OUT.items(), ids=LEFT_OUT.keys())
def test_excluded_attributes(excluded: str, left: dict[str, Any]) -> None:
    projection = parse_projection(None, excluded)

    assert projection is not None
    assert orjson.loads(projection.apply(RESOURCE)) == left


@pytest.mark.parametrize("text", [None, "", " , "])
def test_no_names_mean_the_whole_resource(text: str | None) -> None:
    assert parse_projection(text, text) is None
    assert parse_projection(None, "id,schemas") is None


@pytest.mark.parametrize(
    ("attributes", "excluded", "wanted"),
    [
        (None, "members", False),
        (None, f"{GROUP}:Members", False),
        (None, "members.type", True),
        (None, "displayName", True),
        ("id", None, False),
        ("id,members", None, True),
        ("members.value", None, True),
        ("id", "displayName", False),
    ],
)
def test_members_are_loaded_only_when_wanted(
    attributes: str | None, excluded: str | None, wanted: bool
) -> None:
    projection = parse_projection(attributes, excluded)

    assert projection is not None
    assert projection.wants("members") is wanted


@pytest.mark.parametrize(
    ("start", "count", "page"),
    [
        (None, None, (1, 100)),
        ("", " ", (1, 100)),
        ("0", "0", (1, 0)),
        ("-5", "-1", (1, 0)),
        ("11", "5", (11, 5)),
        ("1", "100000", (1, MAX_COUNT)),
    ],
)
def test_paging(start: str | None, count: str | None, page: tuple[int, int]) -> None:
    parsed = parse_page(start, count)

    assert (parsed.start_index, parsed.count, parsed.offset) == (*page, page[0] - 1)


@pytest.mark.parametrize("text", ["x", "1.5", "٣", "1e3", "9" * 40])
def test_paging_wants_whole_numbers(text: str) -> None:
    with pytest.raises(ScimError, match="whole number"):
        parse_page(text, None)
