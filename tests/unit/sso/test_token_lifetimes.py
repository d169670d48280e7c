"""No access token outlives what the services' deny lists remember."""

from chassis.denied import LONGEST_TOKEN
from sso.domain.tokens import TOKEN_LIFETIME


def test_no_token_outlives_the_deny_list() -> None:
    assert TOKEN_LIFETIME <= LONGEST_TOKEN
