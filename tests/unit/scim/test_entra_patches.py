"""Every oddity of Entra's user PATCH, in both dialects: before, operations, after."""

from typing import Any

import pytest

from scim.protocol.normalise import normalise_user_patch
from unit.scim.shapes import (
    CORE,
    ENTERPRISE,
    WORK,
    M,
    document,
    op,
    patch_body,
    patched,
    unknown,
)

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
    "documented verbose request": (
        MAIL,
        [
            op("Replace", "displayName", value="Pvlo"),
            op("Replace", WORK, value="T@x"),
            op("Replace", "name.givenName", value="G"),
            op("Add", "nickName", value="Babs"),
            op("Replace", f"{ENTERPRISE}:employeeNumber", value="E"),
        ],
        document(
            emails=[{"type": "work", "value": "T@x", "primary": True}],
            displayName="Pvlo",
            name={"givenName": "G"},
            nickName="Babs",
            employeeNumber="E",
        ),
    ),
    "documented compact request": (
        MAIL,
        [
            op("replace", WORK, value="T@x"),
            op(
                "replace",
                value={
                    "displayName": "B",
                    "name.givenName": "K",
                    "name.familyName": "U",
                    f"{ENTERPRISE}:employeeNumber": "A",
                },
            ),
        ],
        document(
            emails=[{"type": "work", "value": "T@x", "primary": True}],
            displayName="B",
            name={"givenName": "K", "familyName": "U"},
            employeeNumber="A",
        ),
    ),
    "disable with a string": (
        ANN,
        [op("Replace", "active", value="False")],
        {**ANN, "active": False},
    ),
    "disable with a boolean": (
        ANN,
        [op("replace", "active", value=False)],
        {**ANN, "active": False},
    ),
    "disable compactly": (ANN, [op("replace", value={"active": False})], {**ANN, "active": False}),
    "restore": ({**ANN, "active": False}, [op("Replace", "active", value="True")], ANN),
    "op in capitals": (ANN, [op("REPLACE", "title", value="T")], document(title="T")),
    "keys of the operation in any case": (
        ANN,
        [{"OP": "add", "Path": "TITLE", "VALUE": "T"}],
        document(title="T"),
    ),
    "update userName without a path": (
        ANN,
        [op("replace", value={"userName": "new@x"})],
        {**ANN, "userName": "new@x"},
    ),
    "externalId": (ANN, [op("Add", "externalId", value="E")], {**ANN, "externalId": "E"}),
    "core URN before the attribute": (
        ANN,
        [op("Add", f"{CORE}:title", value="T"), op("Add", f"{CORE}:name.givenName", value="G")],
        document(title="T", name={"givenName": "G"}),
    ),
    "core URN before a filter": (
        MAIL,
        [op("Replace", f"{CORE}:{WORK}", value="n@x")],
        emails({"type": "work", "value": "n@x", "primary": True}),
    ),
    "core URN as path": (ANN, [op("add", CORE, value={"title": "T"})], document(title="T")),
    "Value in capitals in the default map": (
        ANN,
        [op("Add", 'emails[type eq "other"].Value', value="o@x")],
        emails({"type": "other", "value": "o@x"}),
    ),
    "Formatted in capitals in the default map": (
        ANN,
        [op("Add", 'addresses[type eq "other"].Formatted', value="Bern")],
        document(addresses=[{"type": "other", "formatted": "Bern"}]),
    ),
    "Add creates the entry that the filter misses": (
        ANN,
        [op("Add", WORK, value="n@x")],
        emails({"type": "work", "value": "n@x"}),
    ),
    "Replace creates the entry that the filter misses": (
        ANN,
        [op("Replace", WORK, value="n@x")],
        emails({"type": "work", "value": "n@x"}),
    ),
    "the created entry stands beside the others": (
        MAIL,
        [op("Replace", 'emails[type eq "home"].value', value="h@x")],
        emails(*MAIL["emails"], {"type": "home", "value": "h@x"}),
    ),
    "phone numbers and addresses are created too": (
        ANN,
        [
            op("Replace", 'phoneNumbers[type eq "mobile"].value', value="+41"),
            op("Add", 'addresses[type eq "work"].postalCode', value="3000"),
            op("Add", 'addresses[type eq "work"].locality', value="Bern"),
        ],
        document(
            phoneNumbers=[{"type": "mobile", "value": "+41"}],
            addresses=[{"type": "work", "postalCode": "3000", "locality": "Bern"}],
        ),
    ),
    "filter by type in another case": (
        MAIL,
        [op("Replace", 'EMAILS[TYPE EQ "Work"].VALUE', value="n@x")],
        emails({"type": "work", "value": "n@x", "primary": True}),
    ),
    "filter without quotes": (
        MAIL,
        [op("Replace", "emails[type eq work].value", value="n@x")],
        emails({"type": "work", "value": "n@x", "primary": True}),
    ),
    "add primary false": (
        ANN,
        [op("Add", WORK, value="n@x"), op("Add", 'emails[type eq "work"].primary', value="False")],
        emails({"type": "work", "value": "n@x", "primary": False}),
    ),
    "add primary before the value": (
        ANN,
        [op("Add", 'emails[type eq "work"].primary', value=False), op("Add", WORK, value="n@x")],
        emails({"type": "work", "value": "n@x", "primary": False}),
    ),
    "primary alone makes no entry": (
        ANN,
        [op("Add", 'emails[type eq "work"].primary', value=True)],
        ANN,
    ),
    "role selected by the string True": (
        document(roles=[{"primary": True, "value": "User"}]),
        [op("Replace", 'roles[primary eq "True"].value', value="Admin")],
        document(roles=[{"primary": True, "value": "Admin"}]),
    ),
    "role selected by the string True is created": (
        ANN,
        [op("Add", 'roles[primary eq "True"].value', value="Admin")],
        document(roles=[{"primary": True, "value": "Admin"}]),
    ),
    "role as JSON inside of the value": (
        ANN,
        [op("Add", "roles", value=[{"value": '{"id":"1","value":"A","displayName":"B"}'}])],
        document(roles=[{"value": "A", "display": "B"}]),
    ),
    "role as JSON under a filtered path": (
        ANN,
        [op("Add", 'roles[primary eq "True"].value', value='{"value":"A","displayName":"B"}')],
        document(roles=[{"primary": True, "value": "A"}]),
    ),
    "AssertiveAppRoleAssignmentsComplex replaces all": (
        ROLES,
        [op("replace", "roles", value=[{"value": "Z", "primary": "False"}])],
        document(roles=[{"value": "Z", "primary": False}]),
    ),
    "adding a role that is there": (ROLES, [op("Add", "roles", value=[{"value": "Admin"}])], ROLES),
    "removing one role by value": (
        ROLES,
        [op("Remove", "roles", value=[{"value": "Admin"}])],
        document(roles=[{"value": "User", "type": "x"}]),
    ),
    "compact body with a filtered key": (
        MAIL,
        [op("replace", value={WORK: "n@x", 'phoneNumbers[type eq "work"].value': "1"})],
        document(
            emails=[{"type": "work", "value": "n@x", "primary": True}],
            phoneNumbers=[{"type": "work", "value": "1"}],
        ),
    ),
    "compact body with a list": (
        MAIL,
        [op("replace", value={"emails": [{"type": "home", "value": "h@x"}]})],
        emails({"type": "home", "value": "h@x"}),
    ),
    "replace of name merges": (
        NAMED,
        [op("replace", "name", value={"givenName": "Bea"})],
        document(name={"givenName": "Bea", "familyName": "Lee"}),
    ),
    "path-less name merges, null clears": (
        NAMED,
        [op("replace", value={"name": {"givenName": "Bea", "familyName": None}})],
        document(name={"givenName": "Bea"}),
    ),
    "no operations": (NAMED, [], NAMED),
    "what the server owns is an echo next to a change": (
        NAMED,
        [op("replace", value={"id": M, "meta": {"version": "x"}, "schemas": [CORE], "title": "T"})],
        NAMED | {"title": "T"},
    ),
    "several operations on one attribute, in order": (
        document(title="A"),
        [op("Remove", "title"), op("Add", "title", value="B"), op("Replace", "title", value="C")],
        document(title="C"),
    ),
    "one primary at most": (
        MAIL,
        [op("Add", "emails", value=[{"type": "home", "value": "h", "primary": True}])],
        emails(
            {"type": "work", "value": "old@x", "primary": False},
            {"type": "home", "value": "h", "primary": True},
        ),
    ),
    "replace of a selected entry": (
        MAIL,
        [op("replace", 'emails[type eq "work"]', value={"value": "n@x"})],
        emails({"type": "work", "value": "n@x"}),
    ),
    "sub-attribute of every entry": (
        emails({"type": "work", "value": "a"}, {"type": "home", "value": "b"}),
        [op("remove", "emails.type")],
        emails({"value": "a"}, {"value": "b"}),
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


def test_unknown_names_are_reported_and_the_rest_applies() -> None:
    operations = [
        op("Add", "shoeSize", value="42"),
        op("Add", "urn:custom:2.0:User:tag", value="x"),
        op("replace", value={"hat": "top", "title": "T", "emails[type eq": "x"}),
    ]

    assert patched(ANN, *operations) == document(title="T")
    assert normalise_user_patch(patch_body(*operations)).dropped == unknown(
        "shoeSize", "urn:custom:2.0:User:tag", "hat", "emails[…]"
    )


def test_operations_are_found_in_any_case() -> None:
    patch = normalise_user_patch({"operations": [op("Add", "title", value="T")]})

    assert [o.to_json() for o in patch.operations] == [op("add", "title", value="T")]
