"""Reads signed tokens (RFC 7515, RFC 7519, RFC 8725): the one place that does.

joserfc by itself checks the signature alone. Here type, algorithm, issuer, audience and expiry are
always checked: whoever reads a token cannot forget one of them.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from kernel.errors import UnauthenticatedError

ACCESS_TOKEN = "at+jwt"  # noqa: S105  # a media type (RFC 9068 §2.1)
ALGORITHMS = ("RS256", "ES256")
"""No algorithm by a shared secret, and none without a signature."""
MAX_TOKEN = 8_192
"""Characters of a token."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say to be good here."""

    issuer: str
    audience: str
    type: str
    """`typ` of its header (RFC 8725 §3.11); without regard to case, and to `application/`."""
    leeway: timedelta = timedelta(0)
    """By how much the issuer's clock may differ."""


def key_id_of(token: str) -> str | None:
    """Return which key a token says it is signed by; None if it says none. Nothing is verified."""
    if len(token) > MAX_TOKEN:
        return None
    head = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    found = header.get("kid") if isinstance(header, dict) else None
    return found if isinstance(found, str) and found else None


def read_token(token: str, key: Key | None, expected: Expected, now: datetime) -> Mapping[str, Any]:
    """Return the claims of a token that the key has signed.

    Raises:
        UnauthenticatedError: It is of another type, another's, for somebody else, or over; or
            there is no such key.
    """
    if key is None:
        raise refused()
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=int(expected.leeway.total_seconds()),
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.audience},
        exp={"essential": True},
        sub={"essential": True},
    )
    try:
        read = jwt.decode(token, key, algorithms=list(ALGORITHMS))
        if not _is_type(read.header.get("typ"), expected.type):
            raise refused()
        registry.validate(read.claims)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise refused() from None
    return read.claims


def refused() -> UnauthenticatedError:
    """Return the one answer to every token that is not good: it does not say what is wrong."""
    return UnauthenticatedError("token-invalid", "The token is not good here, or over.")


def _is_type(found: object, expected: str) -> bool:
    if not isinstance(found, str):
        return False
    return found.lower().removeprefix("application/") == expected.lower()
