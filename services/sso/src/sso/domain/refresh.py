"""Refresh tokens of a family: the secret of the family, a number that rises, and a proof of both.

The proof needs a salt that never leaves the database: whoever has an old token knows the family's
secret and cannot make the next. Of a family one row is kept, however often it is used.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sso.domain.tokens import Grant

GRACE = timedelta(seconds=30)
"""How long an old token still leads to the newest: two tabs, or an answer that was lost."""
REMEMBERED = 10
"""Generations whose beginnings are remembered; one before them is taken for long ago."""
_TOKEN = re.compile(r"([A-Za-z0-9_-]{43})\.([0-9]{1,9})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Family(Grant):
    """The refresh tokens that follow each other, of one session and app."""

    salt: bytes
    expires_at: datetime
    generation: int = 0
    begun_at: Sequence[datetime] = ()
    """When the newest generations began, the current one's first."""


@dataclass(frozen=True, slots=True)
class ShownToken:
    """The parts of a token that somebody shows."""

    secret: str
    generation: int
    proof: str


def parse_token(text: str) -> ShownToken | None:
    """Return the parts of a refresh token; None if it is none."""
    found = _TOKEN.fullmatch(text)
    return ShownToken(found[1], int(found[2]), found[3]) if found else None


def make_token(secret: str, salt: bytes, generation: int) -> str:
    """Return a generation's token."""
    message = salt + generation.to_bytes(8, "big")
    digest = hmac.digest(secret.encode(), message, hashlib.sha256)
    return f"{secret}.{generation}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def is_genuine(shown: ShownToken, family: Family) -> bool:
    """Tell whether a token was given out."""
    made = make_token(shown.secret, family.salt, shown.generation)
    given = f"{shown.secret}.{shown.generation}.{shown.proof}"
    return shown.generation <= family.generation and hmac.compare_digest(made, given)


def in_grace(shown: ShownToken, family: Family, now: datetime) -> bool:
    """Tell whether an old token was followed by another only just now."""
    since = family.generation - shown.generation - 1
    return 0 <= since < len(family.begun_at) and family.begun_at[since] + GRACE >= now
