"""Paths of PATCH operations: one reading, whatever blanks and brackets are in them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim.domain.errors import ScimError
from scim.protocol.normalise import normalise_user, normalise_user_patch
from scim.protocol.paths import Parts, split_path
from unit.scim.shapes import op, patch_body

GRAMMAR = re.compile(
    r"\s*(?P<name>[A-Za-z$][\w$\-]*)\s*(?:\[(?P<where>.*)\])?\s*"
    r"(?:\.(?P<sub>[A-Za-z$][\w$\-]*))?\s*",
    re.DOTALL,
)
"""What a path is, in words that take cubic time."""

PATHS = st.text(st.sampled_from([*"aZ$_-0.[] \t\u2003", '"', "é", "!"]), max_size=14)


@given(PATHS)
def test_a_path_is_what_the_grammar_says(path: str) -> None:
    match = GRAMMAR.fullmatch(path)

    assert split_path(path) == (None if match is None else Parts(**match.groupdict()))


@pytest.mark.parametrize("path", ["a" + " " * 990 + "!", "[" * 1_000, "a[" + "[" * 998, "." * 999])
def test_a_path_of_blanks_or_brackets_is_no_path(path: str) -> None:
    with pytest.raises(ScimError) as refusal:
        normalise_user_patch(patch_body(op("remove", path)))
    assert refusal.value.scim_type == "invalidPath"
    assert normalise_user({"userName": "ann@x", path: "x"}).dropped
