"""No access token outlives what the services' deny lists remember."""

from datetime import timedelta

from chassis.denied import LONGEST_TOKEN
from sso.domain.client import LONGEST_ACCESS_SECONDS
from sso.domain.tokens import TOKEN_LIFETIME


def test_no_token_outlives_the_deny_list() -> None:
    assert TOKEN_LIFETIME <= LONGEST_TOKEN
    assert timedelta(seconds=LONGEST_ACCESS_SECONDS) <= LONGEST_TOKEN
