"""Managers and extension attributes in every shape, and every way to clear or remove a value."""

from typing import Any

import pytest

from scim.protocol.normalise import normalise_user_patch
from unit.scim.shapes import ENTERPRISE, WORK, M, document, op, patch_body, patched

Operations = list[dict[str, Any]]

ANN = document()
MAIL = document(emails=[{"type": "work", "value": "old@x", "primary": True}])
MANAGED = document(manager=M)
NAMED = document(name={"givenName": "Ann", "familyName": "Lee"})
ROLES = document(roles=[{"value": "Admin"}, {"value": "User", "type": "x"}])
EMPLOYED = document(department="Sales", employeeNumber="7")


def emails(*entries: dict[str, Any]) -> dict[str, Any]:
    return document(emails=list(entries))


CASES: dict[str, tuple[dict[str, Any], Operations, dict[str, Any]]] = {
    "manager as [{$ref, value}] under the bare path": (
        ANN,
        [op("Add", "manager", value=[{"$ref": "http://host/Users/M", "value": M}])],
        MANAGED,
    ),
    "manager as a string under its URN": (
        ANN,
        [op("Add", f"{ENTERPRISE}:manager", value=M)],
        MANAGED,
    ),
    "manager as an object, $ref null": (
        ANN,
        [op("Replace", f"{ENTERPRISE}:manager", value={"value": M, "$ref": None})],
        MANAGED,
    ),
    "manager.value": (ANN, [op("Add", f"{ENTERPRISE}:manager.value", value=M)], MANAGED),
    "bare manager.value": (ANN, [op("Add", "manager.value", value=M)], MANAGED),
    "manager in a compact body": (ANN, [op("replace", value={"manager": M})], MANAGED),
    "manager by URN key in a compact body": (
        ANN,
        [op("replace", value={f"{ENTERPRISE}:manager": {"value": M}})],
        MANAGED,
    ),
    "extension object in a compact body": (
        ANN,
        [op("replace", value={ENTERPRISE: {"manager": {"value": M}}})],
        MANAGED,
    ),
    "extension object under its URN as path": (
        ANN,
        [op("add", ENTERPRISE, value={"manager": M})],
        MANAGED,
    ),
    "manager cleared by an empty string": (MANAGED, [op("Replace", "manager", value="")], ANN),
    "manager cleared by an empty value": (
        MANAGED,
        [op("Replace", f"{ENTERPRISE}:manager", value={"value": ""})],
        ANN,
    ),
    "manager cleared by null": (
        MANAGED,
        [op("Replace", f"{ENTERPRISE}:manager", value=None)],
        ANN,
    ),
    "manager cleared by [{value: null}]": (
        MANAGED,
        [op("Replace", "manager", value=[{"value": None}])],
        ANN,
    ),
    "manager removed": (MANAGED, [op("Remove", f"{ENTERPRISE}:manager")], ANN),
    "manager removed with a stray value": (
        MANAGED,
        [op("Remove", "manager", value=[{"$ref": None, "value": M}])],
        ANN,
    ),
    "bare department": (
        ANN,
        [op("Add", "department", value="Sales")],
        document(department="Sales"),
    ),
    "dotted extension attribute of customappsso": (
        ANN,
        [op("Add", f"{ENTERPRISE}.department", value="Sales")],
        document(department="Sales"),
    ),
    "dotted extension key in a compact body": (
        ANN,
        [op("add", value={f"{ENTERPRISE}.department": "Sales"})],
        document(department="Sales"),
    ),
    "mistyped URN": (
        ANN,
        [op("Add", ENTERPRISE.replace(":User", "User") + ":department", value="Sales")],
        document(department="Sales"),
    ),
    "URN in another case": (
        ANN,
        [op("Add", f"{ENTERPRISE.upper()}:Department", value="Sales")],
        document(department="Sales"),
    ),
    "old wrapping of simple values": (
        ANN,
        [op("Add", "title", value=[{"$ref": None, "value": "T"}])],
        document(title="T"),
    ),
    "Remove with a stray value on a filtered path": (
        MAIL,
        [op("Remove", WORK, value="old@x")],
        ANN,
    ),
    "Remove leaves an entry that still says something": (
        document(addresses=[{"type": "work", "locality": "Bern", "region": "BE"}]),
        [op("Remove", 'addresses[type eq "work"].region')],
        document(addresses=[{"type": "work", "locality": "Bern"}]),
    ),
    "Remove a whole entry": (MAIL, [op("remove", 'emails[type eq "work"]')], ANN),
    "Remove what is not there": (
        ANN,
        [op("Remove", "title"), op("Remove", WORK), op("Remove", "manager")],
        ANN,
    ),
    "Remove a whole extension": (EMPLOYED, [op("remove", ENTERPRISE)], ANN),
    "clear a whole extension": (EMPLOYED, [op("replace", value={ENTERPRISE: None})], ANN),
    "clear one extension attribute": (
        EMPLOYED,
        [op("replace", "department", value="")],
        document(employeeNumber="7"),
    ),
    "null update with an empty string": (
        document(title="T"),
        [op("replace", "title", value="")],
        ANN,
    ),
    "null update with null": (document(title="T"), [op("replace", "title", value=None)], ANN),
    "null update of a filtered path": (MAIL, [op("replace", WORK, value="")], ANN),
    "null update of a missing filtered path": (ANN, [op("replace", WORK, value=None)], ANN),
    "null update in a compact body": (
        document(title="T", emails=[{"type": "work", "value": "o"}], name={"givenName": "A"}),
        [op("replace", value={"title": None, WORK: "", "name.givenName": None})],
        ANN,
    ),
    "null update of a list": (MAIL, [op("replace", "emails", value=None)], ANN),
    "empty list": (MAIL, [op("replace", "emails", value=[])], ANN),
    "null update of active": (
        document(active=False),
        [op("replace", "active", value=""), op("replace", "active", value=None)],
        {k: v for k, v in document().items() if k != "active"},
    ),
    "Remove active": (
        document(active=False),
        [op("Remove", "active"), op("replace", value={"active": None})],
        {k: v for k, v in document().items() if k != "active"},
    ),
}


@pytest.mark.parametrize(("before", "operations", "after"), CASES.values(), ids=CASES.keys())
def test_patch_does_what_entra_means(
    before: dict[str, Any], operations: Operations, after: dict[str, Any]
) -> None:
    untouched = repr(before)

    assert patched(before, *operations) == after
    assert repr(before) == untouched


@pytest.mark.parametrize(("before", "operations", "after"), CASES.values(), ids=CASES.keys())
def test_nothing_known_is_reported_as_dropped(
    before: dict[str, Any], operations: Operations, after: dict[str, Any]
) -> None:
    assert normalise_user_patch(patch_body(*operations)).dropped == ()
