"""How values are compared: one key serves the filter, the uniqueness rule and the index.

Two values are the same exactly when their keys are equal, so what a filter finds is what a
duplicate collides with (RFC 7643 §2.1, caseExact false).
"""

from unicodedata import normalize
from uuid import UUID

IMPOSSIBLE_ID = UUID(int=0)
"""An id that no resource ever has: what a malformed id in a filter becomes."""


def comparison_key(value: str) -> str:
    """Return the key under which a case-insensitive value is compared."""
    if value.isascii():
        return value.lower()
    return normalize("NFC", normalize("NFC", value).casefold())


def id_of(value: str) -> UUID | None:
    """Return the resource id written in `value`, or None when it cannot be one of ours."""
    if len(value) != 36:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None
