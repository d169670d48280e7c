"""Texts as people may read them: what steers a terminal, or turns a line around, is escaped.

Names come from outside. An escape sequence in one could hide or forge what an operator sees.
"""

_KEPT = frozenset("\n")


def printable(text: str) -> str:
    r"""Return the text with its control and format characters as `\x1b` or `\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def printable_json(text: str) -> str:
    r"""Return JSON that says the same with every such character as `\u001b`.

    Beside line ends only what stands inside of strings can be one, and there `\u` is the same.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else _utf16(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _utf16(character: str) -> str:
    units = character.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
