"""A domain of an address is the name that the domain verifier has proved, or none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain_verifier.domain.name import NameRefusedError, canonical
from sso.domain.address import parse_address

LABELS = st.text(st.characters(codec="utf-8", exclude_characters="."), min_size=1, max_size=12)


def domain_of(name: str) -> str | None:
    address = parse_address(f"ann@{name}")
    return address.domain if address is not None else None


@given(st.lists(LABELS, min_size=2, max_size=3).map(".".join))
@example("faß.de")
@example("ΣΊΣΥΦΟΣ.gr")
@example("ａｂ.example")
@example("Bücher.Example")
@example("xn--fa-hia.de")
@example("a\u2024b.example")
@example("ab。example")
def test_it_is_read_as_the_domain_verifier_reads_names(name: str) -> None:
    try:
        proved = canonical(name)
    except NameRefusedError:
        return
    assert domain_of(name) in {proved, None}


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("faß.de", "xn--fa-hia.de"),
        ("FASS.de", "fass.de"),
        ("xn--fa-hia.de", "xn--fa-hia.de"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--zzzzz99.example", None),
        ("a_b.example", None),
        ("☃.example", None),
        ("corp.example.", None),
        ("corp..example", None),
    ],
)
def test_no_name_stands_for_another(name: str, domain: str | None) -> None:
    assert domain_of(name) == domain
