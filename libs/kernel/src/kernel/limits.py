"""How large a name, a value and a user may be: the same in every service.

What one service accepts, the next must be able to apply, however long it was in coming: SCIM checks
these limits where a write is accepted, and the directory takes everything that is within them.
"""

from kernel.names import comparison_key

MAX_NAME_BYTES = 2_048
"""Of names and of their keys in UTF-8: both fit into an index beside two ids, uncompressed."""

RECYCLE_BIN_BYTES = 32
"""What a soft delete puts in front of a user name: the longest name can be deleted as well."""

MAX_VALUE_BYTES = 4_096
"""Of any other text that people read or write, in UTF-8."""

MAX_USER_BYTES = 65_536
"""Of a user's whole document as JSON, unless an operator sets another limit."""

HIGHEST_USER_BYTES = 262_144
"""The most that an operator can set: events about such a user fit into a record."""

_BYTES_PER_CHARACTER = 4
_GROWTH_OF_KEYS = 3
"""A character has up to four bytes, its key up to three times those of the character."""


def fits(text: str, most: int) -> bool:
    """Tell whether a text has at most so many bytes in UTF-8."""
    if len(text) * _BYTES_PER_CHARACTER <= most:
        return True
    return len(text) <= most and len(text.encode(errors="surrogatepass")) <= most


def is_storable_name(name: str, *, soft_deleted: bool = False) -> bool:
    """Tell whether a name and the key that it is compared by can be stored and indexed."""
    most = MAX_NAME_BYTES + (RECYCLE_BIN_BYTES if soft_deleted else 0)
    if len(name) * _BYTES_PER_CHARACTER * _GROWTH_OF_KEYS <= most:
        return True
    return fits(name, most) and fits(comparison_key(name), most)
