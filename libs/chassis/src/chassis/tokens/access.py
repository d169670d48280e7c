"""Reads the access tokens of an API (RFC 9068 §4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chassis.clock import Clock
from chassis.tokens.published import PublishedKeys
from chassis.tokens.reading import ACCESS_TOKEN, Expected, key_id_of, read_token, refused

LEEWAY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Access tokens that an issuer has made for one API."""

    issuer: str
    audience: str
    """What the API is called in tokens."""
    keys: PublishedKeys
    clock: Clock

    async def read(self, token: str) -> Mapping[str, Any]:
        """Return the claims of an access token.

        Raises:
            UnauthenticatedError: It is none, another's, for another API, or over.
        """
        key_id = key_id_of(token)
        if key_id is None:
            raise refused()
        key = await self.keys.find(key_id)
        expected = Expected(self.issuer, self.audience, ACCESS_TOKEN, LEEWAY)
        claims = read_token(token, key, expected, self.clock.now())
        if not all(isinstance(claims.get(name), str) for name in ("client_id", "jti")):
            raise refused()
        return claims
