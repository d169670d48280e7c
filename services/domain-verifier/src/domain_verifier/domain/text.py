"""Text that people write for people: a reason, a name."""

import unicodedata

from kernel.errors import InvalidError

MAX_LENGTH = 500
# Control characters, and halves of characters that no encoding can write.
_REFUSED = frozenset({"Cc", "Cs"})


def is_single_line(text: str) -> bool:
    """Tell whether the text is one printable line."""
    return not any(unicodedata.category(char) in _REFUSED for char in text)


def required_line(text: str, *, missing: InvalidError) -> str:
    """Return the text without surrounding blanks; raises `missing` if nothing is left."""
    stripped = text.strip()
    if not stripped:
        raise missing
    if len(stripped) > MAX_LENGTH or not is_single_line(stripped):
        raise InvalidError(
            "not_a_line", f"Give one line of at most {MAX_LENGTH} letters, nothing unprintable."
        )
    return stripped
