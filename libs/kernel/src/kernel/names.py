"""When two names are the same: one key serves the filter, the uniqueness rule and the index.

Two values are the same exactly when their keys are equal (RFC 7643 §2.1, caseExact false), in every
service alike: what is unique where it is provisioned must be unique in the directory.
"""

import re
from unicodedata import normalize
from uuid import UUID

_CANONICAL_ID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")


def comparison_key(value: str) -> str:
    """Return the key under which a case-insensitive value is compared."""
    if value.isascii():
        return value.lower()
    return normalize("NFC", normalize("NFC", value).casefold())


def parse_id(text: str) -> UUID | None:
    """Return the id that `text` spells in its canonical form of 36 characters, if it spells one."""
    return UUID(text) if _CANONICAL_ID.fullmatch(text) else None


def parse_id_leniently(text: str) -> UUID | None:
    """Return the id that `text` spells in any form that people paste, if it spells one."""
    try:
        return UUID(text)
    except ValueError:
        return None
