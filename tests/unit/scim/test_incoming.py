"""Which states of the directory's users are passed over: those of users that are ours already."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.bus import Partition, ReceivedRecord
from scim.events.incoming import is_provisioned


def record(value: bytes | None) -> ReceivedRecord:
    return ReceivedRecord(Partition("directory-users", 0), 0, b"key", value, [])


def test_a_user_that_the_provider_keeps_is_passed_over() -> None:
    assert is_provisioned(record(orjson.dumps({"origin": "scim", "user_name": "ann"})))


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"[]",
        b'"scim"',
        b'{"origin":"manual"}',
        b'{"origin":["scim"]}',
        b'{"attributes":{"origin":"scim"}}',
    ],
)
def test_whatever_else_comes_is_applied_or_refused(value: bytes | None) -> None:
    assert not is_provisioned(record(value))


@given(st.binary())
def test_nothing_that_comes_ends_the_reader(value: bytes) -> None:
    assert not is_provisioned(record(value))
