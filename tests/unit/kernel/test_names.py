"""When two names are the same, and which texts are ids."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.names import comparison_key, parse_id, parse_id_leniently


@given(st.text())
def test_a_key_is_its_own_key(name: str) -> None:
    assert comparison_key(comparison_key(name)) == comparison_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Acme.com", "ada@acme.COM"),
        ("STRASSE@acme.com", "straße@acme.com"),
        ("Zoe\u0308@acme.com", "zo\u00eb@acme.com"),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert comparison_key(one) == comparison_key(other)


def test_names_that_differ() -> None:
    assert comparison_key("zoe@acme.com") != comparison_key("zo\u00eb@acme.com")


def test_only_the_canonical_form_is_an_id() -> None:
    text = "01a214d6-b118-7b1b-8a1c-1b81e1a07c81"
    assert parse_id(text) == UUID(text)
    assert parse_id(text.upper()) == UUID(text)
    assert parse_id(text.replace("-", "")) is None
    assert parse_id(f"{{{text}}}") is None
    assert parse_id("z" * 36) is None


@pytest.mark.parametrize(
    "text",
    [
        "urn:uuid:01a214d6b1187b1b8a1c1b81e1a",
        "{01a214d6-b118-7b1b-8a1c-1b81e1a07c81}"[:36],
        "----01a214d6b1187b1b8a1c1b81e1a07c81",
        "01a214d6b118-7b1b-8a1c-1b81e1a07c-81",
        "+1a214d6-b118-7b1b-8a1c-1b81e1a07c81",
        "0_1214d6-b118-7b1b-8a1c-1b81e1a07c81",
        " 1a214d6-b118-7b1b-8a1c-1b81e1a07c81",
        "\u0660\u0661a214d6-b118-7b1b-8a1c-1b81e1a07c81"[:36],
    ],
)
def test_nothing_else_of_its_length_is_an_id(text: str) -> None:
    assert parse_id(text) is None


@pytest.mark.parametrize("form", ["{}", "{{{}}}", "urn:uuid:{}"])
def test_people_may_paste_an_id_in_any_form(form: str) -> None:
    text = "01a214d6-b118-7b1b-8a1c-1b81e1a07c81"
    for spelling in (text, text.upper(), text.replace("-", "")):
        assert parse_id_leniently(form.format(spelling)) == UUID(text)
    assert parse_id_leniently(f"{text}0") is None
    assert parse_id_leniently("ada@acme.com") is None
