"""Every oddity of Entra's groups: bodies, and operations folded into one change."""

from typing import Any
from uuid import UUID

import pytest

from scim.domain.errors import ScimError
from scim.domain.group import GroupChange
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import NormalisedGroup, normalise_group, normalise_group_patch
from unit.scim.shapes import GROUP, op, patch_body, unknown

U1, U2, U3 = (UUID(int=n << 64) for n in (1, 2, 3))
ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
ENTRA = {
    "schemas": [GROUP, ADSCIM],
    "externalId": "8aa1a0c0",
    "displayName": "displayName",
    "meta": {"resourceType": "Group"},
}


def ref(*ids: UUID) -> list[dict[str, Any]]:
    return [{"$ref": None, "value": str(i)} for i in ids]


POSTS: dict[str, tuple[dict[str, Any], NormalisedGroup]] = {
    "documented shape with a foreign URN": (
        ENTRA,
        NormalisedGroup("displayName", "8aa1a0c0", None, ()),
    ),
    "with members": (
        {**ENTRA, "members": [*ref(U1, U2), str(U1)]},
        NormalisedGroup("displayName", "8aa1a0c0", (U1, U2), ()),
    ),
    "members null": (
        {"displayName": "G", "members": None},
        NormalisedGroup("G", None, (), ()),
    ),
    "members empty": ({"displayName": "G", "members": []}, NormalisedGroup("G", None, (), ())),
    "names in any case, display and type of a member": (
        {"DisplayName": "G", "MEMBERS": [{"Value": str(U1), "display": "A", "type": "User"}]},
        NormalisedGroup("G", None, (U1,), ()),
    ),
    "unknown names": (
        {"displayName": "G", "mailNickname": "g"},
        NormalisedGroup("G", None, None, unknown("mailNickname")),
    ),
    "externalId null": (
        {**ENTRA, "externalId": None},
        NormalisedGroup("displayName", None, None, ()),
    ),
}


@pytest.mark.parametrize(("body", "group"), POSTS.values(), ids=POSTS.keys())
def test_post_is_understood(body: dict[str, Any], group: NormalisedGroup) -> None:
    assert normalise_group(body) == group


PATCHES: dict[str, tuple[list[dict[str, Any]], GroupChange]] = {
    "add one": ([op("Add", "members", value=ref(U1))], GroupChange(add=(U1,))),
    "add several in one operation": (
        [op("Add", "members", value=ref(U1, U2))],
        GroupChange(add=(U1, U2)),
    ),
    "add several in several operations": (
        [op("add", "members", value=ref(U2)), op("add", "members", value=ref(U1))],
        GroupChange(add=(U2, U1)),
    ),
    "add a bare string": ([op("Add", "members", value=str(U1))], GroupChange(add=(U1,))),
    "add bare strings": ([op("Add", "members", value=[str(U1)])], GroupChange(add=(U1,))),
    "add one object": ([op("Add", "members", value=ref(U1)[0])], GroupChange(add=(U1,))),
    "add without a path": ([op("add", value={"members": ref(U1)})], GroupChange(add=(U1,))),
    "add an upper-case id": (
        [op("Add", "Members", value=[str(U1).upper()])],
        GroupChange(add=(U1,)),
    ),
    "add under the URN": ([op("add", f"{GROUP}:members", value=ref(U1))], GroupChange(add=(U1,))),
    "add null": ([op("Add", "members", value=None)], GroupChange()),
    "add nobody": ([op("Add", "members", value=[])], GroupChange()),
    "remove by value (no flag)": (
        [op("Remove", "members", value=ref(U1))],
        GroupChange(remove=(U1,)),
    ),
    "remove by filter (flag)": (
        [op("remove", f'members[value eq "{U1}"]')],
        GroupChange(remove=(U1,)),
    ),
    "remove by filter and a stray value": (
        [op("remove", f'members[value eq "{U1}"]', value=ref(U2))],
        GroupChange(remove=(U1,)),
    ),
    "remove by filter in another case": (
        [op("Remove", f'Members[Value eq "{U1}"].Value')],
        GroupChange(remove=(U1,)),
    ),
    "remove several": ([op("Remove", "members", value=ref(U1, U2))], GroupChange(remove=(U1, U2))),
    "remove all": ([op("remove", "members")], GroupChange(clear_members=True)),
    "remove all with null": (
        [op("remove", "members", value=None)],
        GroupChange(clear_members=True),
    ),
    "replace": (
        [op("replace", "members", value=ref(U1))],
        GroupChange(clear_members=True, add=(U1,)),
    ),
    "replace by null": ([op("replace", "members", value=None)], GroupChange(clear_members=True)),
    "replace by nobody": ([op("replace", "members", value=[])], GroupChange(clear_members=True)),
    "add, then remove the same": (
        [op("Add", "members", value=ref(U1)), op("Remove", "members", value=ref(U1))],
        GroupChange(remove=(U1,)),
    ),
    "remove, then add the same": (
        [op("Remove", "members", value=ref(U1)), op("Add", "members", value=ref(U1))],
        GroupChange(add=(U1,)),
    ),
    "replace forgets what came before": (
        [
            op("Add", "members", value=ref(U1)),
            op("Remove", "members", value=ref(U3)),
            op("replace", "members", value=ref(U2)),
        ],
        GroupChange(clear_members=True, add=(U2,)),
    ),
    "rename": (
        [op("Replace", "displayName", value="New")],
        GroupChange(display_name="New"),
    ),
    "rename without a path": (
        [op("replace", value={"displayName": "New"})],
        GroupChange(display_name="New"),
    ),
    "externalId": (
        [op("Replace", "externalId", value="E")],
        GroupChange(external_id="E", changes_external_id=True),
    ),
    "externalId without a path, with the name": (
        [op("replace", value={"displayName": "New", "externalId": "E"})],
        GroupChange(display_name="New", external_id="E", changes_external_id=True),
    ),
    "externalId cleared": (
        [op("Replace", "externalId", value="")],
        GroupChange(changes_external_id=True),
    ),
    "externalId removed": ([op("Remove", "externalId")], GroupChange(changes_external_id=True)),
    "no operations": ([], GroupChange()),
}


@pytest.mark.parametrize(("operations", "change"), PATCHES.values(), ids=PATCHES.keys())
def test_patch_folds_to_a_change(operations: list[dict[str, Any]], change: GroupChange) -> None:
    patch = normalise_group_patch(patch_body(*operations))

    assert group_change(patch.operations) == change
    assert patch.dropped == ()


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown member": (op("Add", "members", value="string id 1"), "invalidValue", "no user"),
    "member without a value": (
        op("Add", "members", value=[{"$ref": "x"}]),
        "invalidValue",
        "needs a value",
    ),
    "member a number": (op("Add", "members", value=[1]), "invalidValue", "must be an object"),
    "name removed": (op("Remove", "displayName"), "mutability", "required"),
    "name cleared": (op("Replace", "displayName", value=""), "mutability", "required"),
    "name blank": (op("Replace", "displayName", value=" "), "invalidValue", "blank"),
    "name a number": (op("Replace", "displayName", value=1), "invalidValue", "must be a string"),
    "member changed": (
        op("replace", f'members[value eq "{U1}"]', value=ref(U2)),
        "mutability",
        "cannot be changed",
    ),
    "members.value": (op("add", "members.value", value=str(U1)), "invalidPath", "under the path"),
    "selected by type": (op("remove", 'members[type eq "User"]'), "invalidPath", "one by one"),
}


@pytest.mark.parametrize(("operation", "scim_type", "sentence"), REFUSED.values(), ids=REFUSED)
def test_bad_patch_gets_a_sentence(
    operation: dict[str, Any], scim_type: str, sentence: str
) -> None:
    with pytest.raises(ScimError, match=sentence) as refusal:
        group_change(normalise_group_patch(patch_body(operation)).operations)

    assert refusal.value.scim_type == scim_type


@pytest.mark.parametrize("body", [{}, {"displayName": None}, {"displayName": ""}, {"members": []}])
def test_group_needs_a_name(body: dict[str, Any]) -> None:
    with pytest.raises(ScimError, match="displayName is required"):
        normalise_group(body)


def test_ten_thousand_members_fold_fast() -> None:
    ids = [UUID(int=n << 64) for n in range(10_000)]

    change = group_change(
        normalise_group_patch(patch_body(op("Add", "members", value=ref(*ids)))).operations
    )

    assert change.add == tuple(ids)
