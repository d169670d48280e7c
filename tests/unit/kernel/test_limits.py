"""Limits are of bytes, of the text and of the key that it is compared by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.limits import MAX_NAME_BYTES, RECYCLE_BIN_BYTES, fits, is_storable_name
from kernel.names import comparison_key


@given(st.text(max_size=30), st.integers(0, 90))
def test_a_text_is_as_long_as_its_utf_8(text: str, most: int) -> None:
    assert fits(text, most) == (len(text.encode(errors="surrogatepass")) <= most)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), st.integers(1, 9))
def test_a_storable_name_and_its_key_are_within_the_limit(part: str, less: int) -> None:
    name = part * ((MAX_NAME_BYTES + 20) // len(part.encode()) - less)
    lengths = len(name.encode()), len(comparison_key(name).encode())
    assert is_storable_name(name) == (max(lengths) <= MAX_NAME_BYTES)


@pytest.mark.parametrize("letter", ["a", "é", "\u1e9e", "\u0390", "\ufb03", "\U0001d538"])
def test_no_short_name_has_a_key_that_is_too_long(letter: str) -> None:
    longest = next(n for n in range(1, 9_999) if not is_storable_name(letter * n)) - 1
    assert len(comparison_key(letter * longest).encode()) <= MAX_NAME_BYTES


def test_the_longest_name_can_be_soft_deleted() -> None:
    longest = "x" * MAX_NAME_BYTES
    assert is_storable_name(longest)
    assert not is_storable_name(longest + "x")
    assert is_storable_name("0" * RECYCLE_BIN_BYTES + longest, soft_deleted=True)
    assert not is_storable_name("0" * (RECYCLE_BIN_BYTES + 1) + longest, soft_deleted=True)
