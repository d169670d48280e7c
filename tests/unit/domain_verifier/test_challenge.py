"""The record that proves a claim, and what does not prove it."""

import os

from hypothesis import given
from hypothesis import strategies as st

from domain_verifier.domain.challenge import (
    near_miss,
    new_token,
    proves,
    record_for,
    unquoted,
    value_of,
)
from domain_verifier.domain.name import DomainName

TOKEN = "abcdefghijklmnopqrstuvwxyz234567"
VALUE = b"token=abcdefghijklmnopqrstuvwxyz234567 expiry=never"


def test_a_token_has_160_bits_and_survives_any_dns_console() -> None:
    tokens = {new_token(os.urandom) for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 32 and token.isalnum() for token in tokens)
    assert all(token == token.lower() for token in tokens)


def test_the_record_is_shown_as_host_part_full_name_and_value() -> None:
    record = record_for(DomainName("acme.com", "acme.com"), TOKEN)
    assert (record.host, record.name) == ("_portico-challenge", "_portico-challenge.acme.com")
    assert record.value.encode() == VALUE
    below = record_for(DomainName("eng.acme.co.uk", "acme.co.uk"), TOKEN)
    assert (below.host, below.name) == (
        "_portico-challenge.eng",
        "_portico-challenge.eng.acme.co.uk",
    )


def test_one_matching_record_among_several_is_enough() -> None:
    assert proves(TOKEN, [b"v=spf1 -all", VALUE, value_of("other").encode()])


@given(st.lists(st.binary(max_size=80)))
def test_nothing_but_the_whole_value_proves(values: list[bytes]) -> None:
    assert proves(TOKEN, values) == (VALUE in values)


@given(st.binary(max_size=10), st.binary(max_size=10))
def test_text_around_the_value_spoils_it_and_is_reported_as_a_near_miss(
    before: bytes, after: bytes
) -> None:
    value = before + VALUE + after
    assert proves(TOKEN, [value]) == (not before and not after)
    assert near_miss(TOKEN, [value])


@given(st.integers(0, len(VALUE) - 1), st.integers(1, 255))
def test_any_changed_byte_spoils_it(position: int, change: int) -> None:
    changed = bytearray(VALUE)
    changed[position] ^= change
    assert not proves(TOKEN, [bytes(changed)])


def test_j1_a_value_without_its_blank_is_told_apart() -> None:
    joined = VALUE.replace(b" ", b"")
    assert unquoted(TOKEN, [b"v=spf1 -all", joined])
    assert not unquoted(TOKEN, [VALUE, joined + b"x"])
    assert near_miss(TOKEN, [joined])
    assert not proves(TOKEN, [joined])
