"""PATCH bodies that are refused: the `scimType`, the sentence, and nothing changed."""

from typing import Any

import pytest

from kernel.errors import Kind
from scim.domain.errors import ScimError
from scim.protocol.normalise import normalise_user_patch
from scim.protocol.user_patch import patch_user
from unit.scim.shapes import CORE, WORK, document, op, patch_body

REFUSED: dict[str, tuple[Any, str, str]] = {
    "no object": (["x"], "invalidSyntax", "JSON object"),
    "no Operations": ({"schemas": []}, "invalidSyntax", "Operations is required"),
    "Operations no list": ({"Operations": {}}, "invalidSyntax", "must be a list"),
    "operation no object": ({"Operations": [1]}, "invalidSyntax", "must be an object"),
    "no op": (patch_body({"path": "title"}), "invalidSyntax", "add, replace or remove"),
    "unknown op": (patch_body(op("move", "title")), "invalidSyntax", "add, replace or remove"),
    "no value": (patch_body(op("Add", "title")), "invalidValue", "needs a value"),
    "path a number": (patch_body({"op": "remove", "path": 3}), "invalidPath", "must be a string"),
    "path broken": (patch_body(op("Remove", "emails[")), "invalidPath", "cannot be read"),
    "path too long": (patch_body(op("Remove", "x" * 1001)), "invalidPath", "longer than"),
    "selection in a single value": (
        patch_body(op("Remove", 'name[type eq "x"]')),
        "invalidPath",
        "one value",
    ),
    "selection by an unknown name": (
        patch_body(op("Remove", 'emails[colour eq "x"]')),
        "invalidFilter",
        "cannot be selected",
    ),
    "selection by another operator": (
        patch_body(op("Remove", 'emails[value co "x"]')),
        "invalidFilter",
        "'co' is not supported",
    ),
    "primary eq maybe": (
        patch_body(op("Remove", 'emails[primary eq "maybe"]')),
        "invalidFilter",
        "true or false",
    ),
    "selection by nothing": (
        patch_body(op("Add", 'emails[type eq ""].value', value="x")),
        "invalidFilter",
        "compared with a value",
    ),
    "selection by null": (
        patch_body(op("Add", "emails[type eq null].value", value="x")),
        "invalidFilter",
        "compared with a value",
    ),
    "remove without a path": (
        patch_body(op("remove", value={"title": "T"})),
        "noTarget",
        "needs a path",
    ),
    "remove everything": (patch_body(op("remove", CORE)), "noTarget", "name its attributes"),
    "no path and no object": (patch_body(op("add", value="x")), "invalidValue", "object"),
    "remove userName": (patch_body(op("Remove", "userName")), "mutability", "required"),
    "clear userName": (patch_body(op("Replace", "userName", value="")), "mutability", "required"),
    "blank userName": (
        patch_body(op("Replace", "userName", value="  ")),
        "invalidValue",
        "must not be blank",
    ),
    "wrong type": (
        patch_body(op("Replace", "title", value=7)),
        "invalidValue",
        "title must be a string, not a number",
    ),
    "wrong type of a sub-attribute": (
        patch_body(op("Replace", WORK, value={"a": 1})),
        "invalidValue",
        "emails.value must be a string",
    ),
    "wrong boolean": (
        patch_body(op("Replace", "active", value="ja")),
        "invalidValue",
        "true or false, not 'ja'",
    ),
    "two values for one place": (
        patch_body(op("replace", 'emails[type eq "home"]', value=["a", "b"])),
        "invalidValue",
        "several values",
    ),
}


@pytest.mark.parametrize(("body", "scim_type", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_patch_gets_a_sentence_and_changes_nothing(
    body: Any, scim_type: str, sentence: str
) -> None:
    two = document(emails=[{"type": "work", "value": "a"}, {"type": "home", "value": "b"}])
    untouched = repr(two)
    with pytest.raises(ScimError, match=sentence) as refusal:
        patch_user(two, normalise_user_patch(body).operations)

    assert refusal.value.scim_type == scim_type
    assert repr(two) == untouched


def test_b1_too_many_operations_are_too_large() -> None:
    with pytest.raises(ScimError, match=r"At most 1000 .* send several") as refusal:
        normalise_user_patch(patch_body(*[op("Remove", "title")] * 1001))

    assert refusal.value.kind is Kind.TOO_LARGE
