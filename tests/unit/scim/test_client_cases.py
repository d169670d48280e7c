"""What clients of other identity providers really send, by the ids of the cases they were met in.

Never a change that was not asked for, never success for nothing: each shape is understood, or it is
refused and nothing has changed.
"""

from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given

from scim.domain.errors import ScimError
from scim.domain.group import GroupChange
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import normalise_group_patch, normalise_user, normalise_user_patch
from scim.protocol.user_patch import patch_user
from unit.scim.shapes import CORE, ENTERPRISE, GROUP, WORK, M, document, op, patch_body, patched
from unit.scim.strategies import JSON

Operation = dict[str, Any]

ID = UUID(M)
ONE = GroupChange(remove=(ID,))
MEMBER = [{"value": M}]
OLD = {"type": "work", "value": "old@x.test", "primary": True}
NEW = {"type": "work", "value": "new@x.test"}
MAIL = document(emails=[OLD])
HOME = {"type": "home", "value": "home@x.test"}
BOTH = document(emails=[OLD, HOME])
LEE = document(name={"givenName": "Ann", "familyName": "Lee"}, manager=M, department="Sales")


def emails(*entries: dict[str, Any]) -> dict[str, Any]:
    return document(emails=list(entries))


GROUPS: dict[str, tuple[Operation, GroupChange]] = {
    "A1 members in an object named members": (
        op("remove", "members", value={"members": MEMBER}),
        ONE,
    ),
    "A1 under the URN": (op("Remove", f"{GROUP}:members", value={"Members": MEMBER}), ONE),
    "A1 named by the URN": (op("remove", "members", value={f"{GROUP}:members": MEMBER}), ONE),
    "A1 a bare id inside": (op("remove", "members", value={"members": M}), ONE),
    "A1 added so": (op("add", "members", value={"members": MEMBER}), GroupChange(add=(ID,))),
    "A1 added so without a path": (
        op("add", value={"members": {"members": MEMBER}}),
        GroupChange(add=(ID,)),
    ),
    "A1 replaced so": (
        op("replace", "members", value={"members": MEMBER}),
        GroupChange(clear_members=True, add=(ID,)),
    ),
    "A1 a new name so": (
        op("replace", "displayName", value={"displayName": "New"}),
        GroupChange(display_name="New"),
    ),
    "A4 JSON as text": (op("remove", "members", value=orjson.dumps(MEMBER).decode()), ONE),
    "A4 one object as text": (op("Remove", "members", value=f'{{"value":"{M}"}}'), ONE),
    "A4 ids as text": (op("remove", "members", value=f' ["{M}"]'), ONE),
    "A4 texts in a list": (op("remove", "members", value=[f'{{"value":"{M}"}}']), ONE),
    "A4 added as text": (
        op("add", "members", value=orjson.dumps(MEMBER).decode()),
        GroupChange(add=(ID,)),
    ),
    "A4 replaced as text": (
        op("replace", "members", value=orjson.dumps(MEMBER).decode()),
        GroupChange(clear_members=True, add=(ID,)),
    ),
    "D6 single quotes": (op("remove", f"members[value eq '{M}']"), ONE),
    "D6 no quotes": (op("remove", f"members[value eq {M}]"), ONE),
    "G1 value and type": (op("remove", f'members[value eq "{M}" and type eq "User"]'), ONE),
    "G1 type and value": (op("Remove", f'members[type eq "user" and value eq "{M}"].value'), ONE),
    "R4 a list of one object": (
        op("replace", value=[{"displayName": "New"}]),
        GroupChange(display_name="New"),
    ),
}


@pytest.mark.parametrize(("operation", "change"), GROUPS.values(), ids=GROUPS.keys())
def test_a_group_patch_is_understood(operation: Operation, change: GroupChange) -> None:
    patch = normalise_group_patch(patch_body(operation))

    assert group_change(patch.operations) == change
    assert patch.dropped == ()


NAMING_NOBODY: tuple[Any, ...] = (
    *({}, "", " ", "x", "[", 5, True, [[]], [None], [""], [{}], [5], [[M]], "{}", "[{}]"),
    *({"member": [M]}, {"members": {}}, {"value": None}, [{"value": ""}], {"Users": MEMBER}),
    *([{"display": "Ann"}], [{"$ref": f"../Users/{M}"}], {"value": {"value": M}}),
    *([*MEMBER, {"id": M}], {"id": M}, {"members": MEMBER, "more": 1}),
)
NOBODY: dict[str, tuple[Operation, str]] = {
    f"A1 {op_name} of {orjson.dumps(value).decode()[:50]}": (
        op(op_name, "members", value=value),
        "invalidValue",
    )
    for op_name in ("Remove", "add", "replace")
    for value in NAMING_NOBODY
} | {
    "A1 Remove of []": (op("Remove", "members", value=[]), "invalidValue"),
    "A1 Remove of a text []": (op("Remove", "members", value="[]"), "invalidValue"),
    "A1 members.value with a value": (op("remove", "members.value", value=M), "invalidValue"),
    "A1 members.value": (op("remove", "members.value"), "mutability"),
    "A1 type of a member": (op("remove", f'members[value eq "{M}"].type'), "mutability"),
    "D6 other quotes": (op("remove", f"members[value eq \u2019{M}\u2019]"), "invalidFilter"),
    "D6 a malformed id": (op("remove", "members[value eq 'x']"), "invalidValue"),
    "E1 the id of a group": (op("replace", "id", value=M), "mutability"),
    "E5 the meta of a group": (op("remove", "meta.version"), "mutability"),
    "G1 another type": (
        op("remove", f'members[value eq "{M}" and type eq "Group"]'),
        "noTarget",
    ),
}


@pytest.mark.parametrize(("operation", "scim_type"), NOBODY.values(), ids=NOBODY.keys())
def test_a_group_patch_that_names_nobody_is_refused(operation: Operation, scim_type: str) -> None:
    with pytest.raises(ScimError) as refusal:
        group_change(normalise_group_patch(patch_body(operation)).operations)

    assert refusal.value.scim_type == scim_type


def test_removing_somebody_who_may_be_no_member_stays_a_change() -> None:
    change = group_change(
        normalise_group_patch(patch_body(op("remove", "members", value=MEMBER))).operations
    )

    assert change == ONE


USERS: dict[str, tuple[dict[str, Any], Operation, dict[str, Any]]] = {
    "A8 replaced in an object of its name": (
        MAIL,
        op("replace", "emails", value={"emails": [NEW]}),
        emails(NEW),
    ),
    "A8 added so": (MAIL, op("add", "emails", value={"Emails": [HOME]}), BOTH),
    "A8 removed so": (BOTH, op("remove", "emails", value={"emails": [HOME]}), MAIL),
    "A8 in a body": (MAIL, op("replace", value={"emails": {"emails": NEW}}), emails(NEW)),
    "A8 as text": (MAIL, op("replace", "emails", value=orjson.dumps([NEW]).decode()), emails(NEW)),
    "A8 a single value": (LEE, op("replace", "title", value={"title": "T"}), LEE | {"title": "T"}),
    "A8 a complex value": (
        document(),
        op("replace", "name", value={"name": {"givenName": "Ann"}}),
        document(name={"givenName": "Ann"}),
    ),
    "A8 an extension": (
        document(),
        op("add", ENTERPRISE, value={ENTERPRISE: {"department": "Sales"}}),
        document(department="Sales"),
    ),
    "A8 a manager as text": (
        document(),
        op("add", "manager", value=f'{{"value":"{M}"}}'),
        document(manager=M),
    ),
    "C1 the second becomes of the same type": (
        BOTH,
        op("replace", 'emails[type eq "home"].type', value="work"),
        emails(OLD, HOME | {"type": "work"}),
    ),
    "C1 every match is replaced": (
        emails({"type": "work", "value": "1"}, {"type": "Work", "value": "2"}, HOME),
        op("replace", WORK, value="3"),
        emails({"type": "work", "value": "3"}, {"type": "Work", "value": "3"}, HOME),
    ),
    "C1 without a match there is a new one": (
        emails(HOME),
        op("replace", WORK, value="3"),
        emails(HOME, {"type": "work", "value": "3"}),
    ),
    "C2 a second work address": (MAIL, op("add", "emails", value=[NEW]), emails(OLD, NEW)),
    "C2 without a path": (MAIL, op("Add", value={"emails": [NEW]}), emails(OLD, NEW)),
    "C2 an equal one is not added twice": (
        MAIL,
        op("add", "emails", value=[{"type": "work", "value": "OLD@x.test"}]),
        emails({"type": "work", "value": "OLD@x.test", "primary": True}),
    ),
    "C2 a second postal address": (
        document(addresses=[{"type": "work", "locality": "Bern"}]),
        op("add", "addresses", value=[{"type": "work", "locality": "Basel"}]),
        document(
            addresses=[{"type": "work", "locality": "Bern"}, {"type": "work", "locality": "Basel"}]
        ),
    ),
    "C2 a primary flag without a value takes it from nobody": (
        MAIL,
        op("add", 'emails[type eq "home"].primary', value=True),
        MAIL,
    ),
    "D1 single quotes": (MAIL, op("replace", "emails[type eq 'work'].value", value="n"), {}),
    "H1 an absent primary is false": (
        BOTH,
        op("replace", "emails[primary eq false].value", value="n@x"),
        emails(OLD, HOME | {"value": "n@x"}),
    ),
    "H1 a text false": (
        BOTH,
        op("Replace", 'emails[primary eq "False"].value', value="n@x"),
        emails(OLD, HOME | {"value": "n@x"}),
    ),
    "H1 removed by the path": (BOTH, op("remove", "emails[primary eq false]"), MAIL),
    "H1 removed by the value": (BOTH, op("remove", "emails", value=[{"primary": False}]), MAIL),
    "R4 a list of one object": (
        document(),
        op("replace", value=[{"nickName": "Nn"}]),
        document(nickName="Nn"),
    ),
    "guard: Okta repeats the id": (
        document(),
        op("replace", value={"id": M, "active": False}),
        document(active=False),
    ),
    "guard: a type makes the entry": (document(), op("add", WORK, value="n"), {}),
}
USERS["D1 single quotes"] = (*USERS["D1 single quotes"][:2], emails(OLD | {"value": "n"}))
USERS["guard: a type makes the entry"] = (
    *USERS["guard: a type makes the entry"][:2],
    emails({"type": "work", "value": "n"}),
)


@pytest.mark.parametrize(("before", "operation", "after"), USERS.values(), ids=USERS.keys())
def test_a_user_patch_is_understood(
    before: dict[str, Any], operation: Operation, after: dict[str, Any]
) -> None:
    assert patched(before, operation) == after


NOT_UNDERSTOOD: tuple[Any, ...] = (
    *({}, [{}], {"email": "n@x"}, [{"mail": "n@x"}], 5, True, [[NEW]], "{}"),
    *([NEW, {"address": "n@x"}], {"emails": {}}, {"type": "work", "mail": "n@x"}),
)
REFUSED: dict[str, tuple[Operation, str]] = {
    **{
        f"A8 {op_name} of {orjson.dumps(value).decode()[:50]}": (
            op(op_name, "emails", value=value),
            "invalidValue",
        )
        for op_name in ("replace", "Add", "remove")
        for value in NOT_UNDERSTOOD
    },
    "A8 nothing named": (op("remove", "emails", value=""), "invalidValue"),
    "an extension with nothing added": (op("add", ENTERPRISE, value=None), "invalidValue"),
    "an extension with an empty text added": (op("Add", ENTERPRISE, value=""), "invalidValue"),
    "an extension of nothing, without a path": (
        op("add", value={ENTERPRISE: None}),
        "invalidValue",
    ),
    "an extension of which nothing is named": (
        op("remove", ENTERPRISE, value={ENTERPRISE: None}),
        "invalidValue",
    ),
    "a manager by name alone": (
        op("replace", "manager", value={"displayName": "B"}),
        "invalidValue",
    ),
    "a manager by address alone": (op("replace", "manager", value={"$ref": "x"}), "invalidValue"),
    "a manager by name, in an extension": (
        op("replace", ENTERPRISE, value={"manager": {"displayName": "B"}}),
        "invalidValue",
    ),
    "A8 an empty list named": (op("remove", "emails", value=[]), "invalidValue"),
    "A8 the addresses of all": (op("remove", "emails.value", value="old@x"), "invalidValue"),
    "A8 a part of the name": (op("remove", "name", value={"givenName": "Ann"}), "invalidValue"),
    "A8 a part of an extension": (
        op("remove", ENTERPRISE, value={"department": "Sales"}),
        "invalidValue",
    ),
    "D1 other quotes": (op("replace", "emails[type eq \u201cwork\u201d].value", value="n"), ""),
    "D1 a quote that does not end": (op("replace", "emails[type eq 'work].value", value="n"), ""),
    "E1 groups selected": (op("remove", f'groups[value eq "{M}"]'), "mutability"),
    "E1 groups": (op("Remove", "Groups"), "mutability"),
    "E1 groups added": (op("Add", "groups", value=MEMBER), "mutability"),
    "E1 groups in a body": (op("add", value={"groups": MEMBER}), "mutability"),
    "E1 groups by URN": (op("remove", f"{CORE}:groups.value"), "mutability"),
    "E5 id": (op("replace", "id", value=M), "mutability"),
    "E5 ID removed": (op("remove", "ID"), "mutability"),
    "E5 meta": (op("Replace", "meta.version", value="1"), "mutability"),
    "E5 the manager's name": (
        op("replace", f"{ENTERPRISE}:manager.displayName", value="Boss"),
        "mutability",
    ),
    "I1 a value that is gone": (
        op("replace", 'emails[value eq "gone@x.test"].primary', value=True),
        "noTarget",
    ),
    "I1 with a type": (
        op("add", 'emails[type eq "work" and value eq "gone@x.test"].display', value="D"),
        "noTarget",
    ),
    "I1 the whole entry": (
        op("replace", 'emails[value eq "gone@x.test"]', value={"value": "gone@x.test"}),
        "noTarget",
    ),
    "I3 a role": (op("replace", 'roles[value eq "admin"].display', value="A"), "noTarget"),
    "I3 an entitlement": (
        op("add", 'entitlements[value eq "all"].primary', value=True),
        "noTarget",
    ),
    "I3 in a body": (op("add", value={'roles[display eq "A"].value': "admin"}), "noTarget"),
}


@pytest.mark.parametrize(("operation", "scim_type"), REFUSED.values(), ids=REFUSED.keys())
def test_a_user_patch_that_is_not_understood_is_refused(
    operation: Operation, scim_type: str
) -> None:
    before = BOTH | LEE
    untouched = orjson.dumps(before)
    with pytest.raises(ScimError) as refusal:
        patched(before, operation)

    assert refusal.value.scim_type == (scim_type or "invalidFilter")
    assert orjson.dumps(before) == untouched


@pytest.mark.parametrize("name", ["emails", "phoneNumbers", "roles", "photos", "ims"])
def test_c1_two_values_of_one_type_are_kept(name: str) -> None:
    two = [{"type": "work", "value": "1"}, {"type": "work", "value": "2"}]

    assert normalise_user({"userName": "ann@x", name: two}).document[name] == two
    assert normalise_user({"userName": "ann@x", name: two}, "replace").document[name] == two
    assert patched(document(), op("replace", name, value=two))[name] == two
    assert patched(document(), op("add", name, value=two))[name] == two


@pytest.mark.parametrize("value", [{"email": "n@x"}, [{"mail": "n@x"}], {"emails": {}}, [{}]])
def test_a8_put_wipes_nothing_by_a_value_that_is_not_understood(value: object) -> None:
    with pytest.raises(ScimError, match="nothing was changed"):
        normalise_user({"userName": "ann@x", "emails": value}, "replace")


def test_e5_post_and_put_ignore_what_is_read_only() -> None:
    body = {
        "userName": "ann@x",
        "id": M,
        "groups": MEMBER,
        "meta": {"version": "1"},
        CORE: {"id": M},
    }

    assert normalise_user(body).document == {"active": True, "userName": "ann@x"}
    assert normalise_user(body, "replace").document == {"active": True, "userName": "ann@x"}


def has_content(value: Any) -> bool:
    """Tell whether there is anything in a value beside types, flags and empty texts."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return True
    if isinstance(value, list):
        return any(map(has_content, value))
    if isinstance(value, dict):
        lower = {name.lower(): given for name, given in value.items()}
        known = [given for name, given in lower.items() if name in {"value", "display", "emails"}]
        rest = [given for name, given in lower.items() if name not in {"type", "primary"}]
        return any(map(has_content, known or rest))
    return value not in (None, "")


@given(JSON)
def test_a8_no_value_with_content_empties_an_attribute(value: Any) -> None:
    try:
        patch = normalise_user_patch(patch_body(op("replace", "emails", value=value)))
        after = patch_user(MAIL, patch.operations)
    except ScimError:
        return
    assert "emails" in after or not has_content(value)


def test_b1_a_first_sync_names_each_member_in_an_operation() -> None:
    ids = [UUID(int=n << 64) for n in range(1, 1_002)]
    body = patch_body(*[op("add", "members", value=[{"value": str(i)}]) for i in ids])

    assert group_change(normalise_group_patch(body).operations).add == tuple(ids)


@pytest.mark.parametrize(("path", "name"), [("emails", "emails"), ("roles", "roles")])
def test_a1_a_wrapper_around_nothing_removes_nothing(path: str, name: str) -> None:
    with pytest.raises(ScimError, match="names nothing"):
        patched(BOTH, op("remove", path, value={name: None}))


def test_a1_a_wrapper_around_nothing_removes_no_member() -> None:
    operation = op("remove", "members", value={"members": None})
    with pytest.raises(ScimError, match="names nothing"):
        normalise_group_patch(patch_body(operation))


@pytest.mark.parametrize("groups", [[{"value": M}], [], None])
def test_e1_what_is_read_only_hinders_no_deactivation(groups: object) -> None:
    after = patched(document(active=True), op("replace", value={"active": False, "groups": groups}))
    assert after["active"] is False
