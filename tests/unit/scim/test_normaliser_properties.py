"""What holds for every body: idempotent, never a crash, and one meaning in both dialects."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import orjson
from hypothesis import assume, given
from hypothesis import strategies as st

from scim.domain.errors import ScimError
from scim.domain.user import User
from scim.protocol.group_patch import group_change
from scim.protocol.normalise import (
    normalise_group,
    normalise_group_patch,
    normalise_user,
    normalise_user_patch,
)
from scim.protocol.user_patch import patch_user
from unit.scim.shapes import document, op, patch_body, patched
from unit.scim.strategies import EDITS, JSON, LIKELY_BODIES, LIKELY_PATCHES, USERS

ANN = document(
    emails=[{"type": "work", "value": "a@x", "primary": True}],
    roles=["Admin"],
    manager="m",
    name={"givenName": "Ann"},
)
SPELLINGS: list[Callable[[str], str]] = [str, str.upper, str.lower]


@given(st.one_of(JSON, LIKELY_BODIES))
def test_any_user_body_is_normal_after_one_pass_or_refused(body: Any) -> None:
    with suppress(ScimError):
        once = normalise_user(body, "create").document
        again = normalise_user(orjson.loads(orjson.dumps(once)))
        assert again.document == once
        assert again.dropped == ()


@given(st.one_of(JSON, LIKELY_BODIES))
def test_any_group_body_is_understood_or_refused(body: Any) -> None:
    with suppress(ScimError):
        group = normalise_group(body)
        assert group.display_name.strip()


@given(st.one_of(JSON, LIKELY_PATCHES))
def test_any_user_patch_is_normal_after_one_pass_or_refused(body: Any) -> None:
    with suppress(ScimError):
        once = normalise_user_patch(body)
        again = normalise_user_patch(patch_body(*[o.to_json() for o in once.operations]))
        assert again.operations == once.operations
        assert again.dropped == ()


@given(st.one_of(JSON, LIKELY_PATCHES))
def test_a_patched_document_is_a_normal_document(body: Any) -> None:
    untouched = orjson.dumps(ANN)
    with suppress(ScimError):
        after = patch_user(ANN, normalise_user_patch(body).operations)
        again = normalise_user(orjson.loads(orjson.dumps(after))).document
        assert again == {"active": True} | after
        assert User.from_document(after, id=UUID(int=1)).attributes is not None
    assert orjson.dumps(ANN) == untouched


@given(st.one_of(JSON, LIKELY_PATCHES))
def test_any_group_patch_folds_or_is_refused(body: Any) -> None:
    with suppress(ScimError):
        patch = normalise_group_patch(body)
        change = group_change(patch.operations)
        assert not set(change.add) & set(change.remove)
        again = normalise_group_patch(patch_body(*[o.to_json() for o in patch.operations]))
        assert again.operations == patch.operations


@given(USERS, EDITS, st.sampled_from(SPELLINGS), st.sampled_from(["Add", "Replace"]))
def test_both_dialects_of_an_edit_give_the_same_document(
    user: dict[str, Any], edit: dict[str, Any], spell: Callable[[str], str], verb: str
) -> None:
    # An add of nothing alone is refused.
    assume(verb == "Replace" or any(value not in (None, "") for value in edit.values()))
    before = normalise_user(user).document
    verbose = [op(verb, spell(path), value=value) for path, value in edit.items()]
    compact = [op(verb.lower(), value={spell(path): value for path, value in edit.items()})]

    assert patched(before, *verbose) == patched(before, *compact)


@given(USERS, EDITS)
def test_replacing_twice_is_replacing_once(user: dict[str, Any], edit: dict[str, Any]) -> None:
    operations = [op("Replace", path, value=value) for path, value in edit.items()]
    once = patched(normalise_user(user).document, *operations)

    assert patched(once, *operations) == once


@given(USERS, EDITS)
def test_created_with_it_is_the_same_as_patched_to_it(
    user: dict[str, Any], edit: dict[str, Any]
) -> None:
    operations = [op("add", path, value=value) for path, value in edit.items()]
    one = {**user, **{k: v for k, v in edit.items() if k not in user}}
    if not any(v in (None, "") for v in edit.values()) and not user.keys() & edit.keys():
        assert normalise_user(one).document == patched(normalise_user(user).document, *operations)


@given(USERS)
def test_values_are_stored_verbatim(user: dict[str, Any]) -> None:
    assert normalise_user(user).document == {"active": True} | user
