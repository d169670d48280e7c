"""A tenant that is read strictly gets the RFC's error for everything that is only tolerated."""

from collections.abc import Callable
from typing import Any

import pytest

from scim.domain.errors import ScimError
from scim.protocol.filters import parse_user_filter
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import normalise_group_patch, normalise_user, normalise_user_patch
from scim.protocol.tolerances import Tolerance
from scim.protocol.user_patch import patch_user
from unit.scim.shapes import CORE, ENTERPRISE, WORK, M, document, op, patch_body

ANN = {"schemas": [CORE], "userName": "ann@x"}


def post(strict: bool, body: Any) -> object:
    return normalise_user(body, strict=strict)


def user(strict: bool, body: Any) -> object:
    patch = normalise_user_patch(body, strict=strict)
    before = document(emails=[{"type": "home", "value": "h@x"}])
    return patch_user(before, patch.operations, strict=patch.strict)


def group(strict: bool, body: Any) -> object:
    return group_change(normalise_group_patch(body, strict=strict).operations)


def find(strict: bool, text: Any) -> object:
    return parse_user_filter(text, strict=strict)


Read = Callable[[bool, Any], object]

CASES: dict[Tolerance, list[tuple[Read, Any]]] = {
    Tolerance.UNKNOWN_NAME: [
        (user, patch_body(op("add", "nonsense", value="x"))),
        (user, patch_body(op("remove", "emails.nonsense"))),
        (group, patch_body(op("replace", "nonsense", value="x"))),
        (user, patch_body(op("add", "urn:x:nonsense", value="x"))),
    ],
    Tolerance.UNKNOWN_KEY: [
        (post, ANN | {"emails": [{"value": "a", "nonsense": "x"}]}),
        (post, ANN | {"nonsense": "x"}),
    ],
    Tolerance.NO_SCHEMAS: [
        (user, {"Operations": [op("add", "title", value="T")]}),
        (group, {"schemas": ["urn:x"], "Operations": [op("add", "displayName", value="T")]}),
        (post, {"userName": "ann@x"}),
    ],
    Tolerance.OP_IN_ANY_CASE: [(user, patch_body(op("Add", "title", value="T")))],
    Tolerance.NO_OPERATIONS: [(user, patch_body()), (group, patch_body())],
    Tolerance.LIST_WITHOUT_PATH: [(user, patch_body(op("add", value=[{"title": "T"}])))],
    Tolerance.PATH_AS_KEY: [
        (user, patch_body(op("add", value={"name.givenName": "G"}))),
        (post, ANN | {WORK: "a@x"}),
    ],
    Tolerance.ECHO: [(user, patch_body(op("replace", value={"id": M, "title": "T"})))],
    Tolerance.BARE_EXTENSION: [
        (user, patch_body(op("add", "department", value="Sales"))),
        (user, patch_body(op("add", f"{ENTERPRISE}.department", value="Sales"))),
        (post, ANN | {"department": "Sales"}),
    ],
    Tolerance.ODD_QUOTES: [
        (find, "userName eq 'ann'"),
        (find, "userName eq ann"),
        (user, patch_body(op("replace", "emails[type eq 'home'].value", value="x"))),
    ],
    Tolerance.TEXT_AS_BOOLEAN: [
        (user, patch_body(op("replace", "active", value="False"))),
        (post, ANN | {"active": "True"}),
    ],
    Tolerance.LOOSE_SHAPE: [
        (group, patch_body(op("add", "members", value=M))),
        (group, patch_body(op("add", "members", value=[M]))),
        (user, patch_body(op("add", f"{ENTERPRISE}:manager", value=[{"value": M}]))),
    ],
    Tolerance.REPEATED_NAME: [
        (group, patch_body(op("add", "members", value={"members": [{"value": M}]}))),
    ],
    Tolerance.JSON_AS_TEXT: [
        (group, patch_body(op("add", "members", value=f'[{{"value":"{M}"}}]'))),
        (user, patch_body(op("add", "roles", value=[{"value": '{"value":"A"}'}]))),
    ],
    Tolerance.EMPTY_TEXT: [(user, patch_body(op("replace", "title", value="")))],
    Tolerance.ADD_OF_NOTHING: [
        (user, patch_body(op("add", "title", value=None), op("add", "nickName", value="N"))),
        (user, patch_body(op("add", value={"title": None, "nickName": "N"}))),
    ],
    Tolerance.VALUE_OF_REMOVE: [
        (group, patch_body(op("remove", "members", value=[{"value": M}]))),
        (user, patch_body(op("remove", "title", value="T"))),
    ],
    Tolerance.MADE_BY_SELECTION: [(user, patch_body(op("replace", WORK, value="w@x")))],
}
EACH = [(tolerance, *each) for tolerance, cases in CASES.items() for each in cases]


def test_e9_every_tolerance_is_here_and_has_its_reason() -> None:
    assert set(CASES) == set(Tolerance)
    assert all(tolerance.why.endswith(".") for tolerance in Tolerance)


@pytest.mark.parametrize(("tolerance", "read", "body"), EACH, ids=[str(e[0].name) for e in EACH])
def test_e9_what_is_tolerated_is_refused_to_a_strict_tenant(
    tolerance: Tolerance, read: Read, body: Any
) -> None:
    read(False, body)
    with pytest.raises(ScimError, match=r"\.$") as refusal:
        read(True, body)

    assert tolerance.what in refusal.value.sentence
    assert refusal.value.scim_type == tolerance.scim_type


def test_e9_a_strict_tenant_is_served_what_the_rfcs_have() -> None:
    edits = [
        op("add", "title", value="T"),
        op("replace", 'emails[type eq "home"].value', value="n@x"),
        op("replace", "emails[primary eq false].display", value="D"),
        op("add", "emails", value=[{"type": "work", "value": "w@x", "primary": True}]),
        op("replace", "name", value={"givenName": "G"}),
        op("add", f"{ENTERPRISE}:manager", value={"value": M}),
        op("replace", value={"nickName": "N", "active": False}),
        op("remove", "title"),
    ]
    assert user(True, patch_body(*edits)) == user(False, patch_body(*edits))
    members = op("remove", f'members[value eq "{M}"]'), op("add", "members", value=[{"value": M}])
    assert group(True, patch_body(*members)) == group(False, patch_body(*members))
    for text in (f'id eq "{M}"', "active eq true", 'emails[type eq "work"].value eq "w@x"'):
        assert find(True, text) == find(False, text)
    body = ANN | {"schemas": [CORE, ENTERPRISE], ENTERPRISE: {"department": "S"}, "active": True}
    assert post(True, body) == post(False, body)
