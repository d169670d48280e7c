"""A PATCH that repeats what the server alone writes: equal it is an echo, else it is refused."""

from typing import Any
from uuid import UUID

import pytest

from scim.domain.errors import ScimError
from scim.protocol.echoes import check_repeated_ids
from scim.protocol.normalise import normalise_group_patch, normalise_user_patch
from scim.protocol.operations import Patch
from unit.scim.shapes import CORE, ENTERPRISE, GROUP, M, op, patch_body

OTHER = "00000000-0000-0000-0000-000000000001"
ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
Operation = dict[str, Any]


def user(*operations: Operation) -> Patch:
    patch = normalise_user_patch(patch_body(*operations))
    check_repeated_ids(patch.repeated_ids, UUID(M))
    return patch


def group(*operations: Operation) -> Patch:
    patch = normalise_group_patch(patch_body(*operations))
    check_repeated_ids(patch.repeated_ids, UUID(M))
    return patch


READ = {"user": (user, CORE), "group": (group, GROUP)}

EQUAL: dict[str, Operation] = {
    "id": op("replace", value={"id": M}),
    "id in capitals, added": op("Add", value={"ID": M.upper()}),
    "resource type": op("replace", value={"meta": {"resourceType": "{name}"}}),
    "schemas": op("replace", value={"schemas": ["{urn}"]}),
    "schemas in capitals": op("replace", value={"schemas": ["{URN}"]}),
    "schemas at their path": op("add", "schemas", value=["{urn}"]),
    "all of them": op("replace", value={"id": M, "schemas": ["{urn}"]}),
}
DIFFERENT: dict[str, Operation] = {
    "id of another": op("replace", value={"id": OTHER}),
    "id of another next to a change": op("replace", value={"id": OTHER, "displayName": "D"}),
    "id that is none": op("add", value={"id": "x", "displayName": "D"}),
    "id a number": op("add", value={"id": 1, "displayName": "D"}),
    "id of nothing": op("replace", value={"id": None}),
    "meta": op("replace", value={"meta": {"version": "x"}}),
    "meta of nothing": op("replace", value={"meta": None}),
    "meta next to the id": op("replace", value={"id": M, "meta": {}}),
    "meta next to what nobody knows": op("replace", value={"meta": {}, "nonsense": 1}),
    "meta in a list": op("replace", value=[{"meta": {"created": "2026-01-01T00:00:00Z"}}]),
    "schemas we do not know": op("replace", value={"schemas": ["{urn}", "urn:x:y"]}),
    "no schemas": op("replace", value={"schemas": []}),
    "schemas of nothing": op("replace", value={"schemas": None}),
    "schemas we do not know, at their path": op("add", "schemas", value=["urn:x:y"]),
    "schemas removed": op("remove", "schemas"),
    "schemas emptied": op("replace", "schemas", value=[]),
}
NEXT_TO_A_CHANGE: dict[str, Operation] = {
    "Okta repeats the id": op("replace", value={"id": M, "displayName": "D"}),
    "meta of an older version": op("replace", value={"meta": {"version": "x"}, "displayName": "D"}),
    "nulls": op("replace", value={"id": None, "meta": None, "displayName": "D"}),
    "schemas": op("replace", value={"schemas": [CORE, ENTERPRISE, ADSCIM], "displayName": "D"}),
}


def _for(kind: str, operation: Operation) -> Operation:
    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: fill(given) for name, given in value.items()}
        if isinstance(value, list):
            return [fill(given) for given in value]
        urn = READ[kind][1]
        named = {"{urn}": urn, "{URN}": urn.upper(), "{name}": kind.title()}
        return named.get(value, value) if isinstance(value, str) else value

    filled: Operation = fill(operation)
    return filled


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("operation", EQUAL.values(), ids=EQUAL.keys())
def test_an_equal_value_is_accepted_quietly(kind: str, operation: Operation) -> None:
    patch = READ[kind][0](_for(kind, operation))

    assert (patch.operations, patch.dropped) == ((), ())


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("operation", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_another_value_is_refused(kind: str, operation: Operation) -> None:
    with pytest.raises(ScimError, match="read-only") as refusal:
        READ[kind][0](_for(kind, operation))

    assert refusal.value.scim_type == "mutability"


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("operation", NEXT_TO_A_CHANGE.values(), ids=NEXT_TO_A_CHANGE.keys())
def test_an_echo_hinders_no_change(kind: str, operation: Operation) -> None:
    patch = READ[kind][0](operation)

    assert [o.target.path for o in patch.operations] == ["displayName"]
