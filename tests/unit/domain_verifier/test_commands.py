"""What the operator commands make of numbers that are none."""

from datetime import timedelta

import pytest

from domain_verifier.cli.claims import parse_days
from kernel.errors import InvalidError


@pytest.mark.parametrize("days", [float("nan"), float("inf"), 1e12, -1e12])
def test_a_time_that_is_none_is_refused_in_a_sentence(days: float) -> None:
    with pytest.raises(InvalidError) as caught:
        parse_days(days)
    assert caught.value.slug == "override_too_long"


def test_days_may_have_parts() -> None:
    assert parse_days(1.5) == timedelta(hours=36)
