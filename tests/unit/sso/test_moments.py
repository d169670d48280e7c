"""Times of assertions, read as pysaml2 reads them; what is no time of SAML is refused."""

from calendar import timegm
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from saml2.time_util import str_to_time

from sso.domain.refusals import Code, Refused
from sso.saml.assertion import read_assertion

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1))  # noqa: DTZ001


def read(moment: str) -> datetime | None:
    document = (
        '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0"'
        ' IssueInstant="2026-01-01T00:00:00Z"><Issuer>i</Issuer>'
        f'<Conditions NotOnOrAfter="{moment}"/></Assertion>'
    )
    return read_assertion(document.encode()).not_on_or_after


@given(MOMENTS, st.sampled_from(["", ".1", ".840", ".1234567"]), st.sampled_from(["Z", ""]))
def test_a_time_is_what_pysaml2_takes_it_for(moment: datetime, part: str, zone: str) -> None:
    text = f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}{part}{zone}"
    expected = datetime.fromtimestamp(timegm(str_to_time(text)), UTC)
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "2026-01-01T00:00:00+02:00",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:01Z",
        "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00Z\n",
        "٢٠٢٦-01-01T00:00:00Z",
        "1e9",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        read(text)
    assert refused.value.code is Code.NOT_ONE_ASSERTION
