"""Signed tokens: read with every check that they need, by keys that their issuer publishes."""

from chassis.tokens.access import AccessTokens
from chassis.tokens.fetch import fetch_keys
from chassis.tokens.published import PublishedKeys
from chassis.tokens.reading import (
    ACCESS_TOKEN,
    ALGORITHMS,
    Expected,
    key_id_of,
    read_token,
)

__all__ = [
    "ACCESS_TOKEN",
    "ALGORITHMS",
    "AccessTokens",
    "Expected",
    "PublishedKeys",
    "fetch_keys",
    "key_id_of",
    "read_token",
]
