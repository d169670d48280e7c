"""Which writing systems a label mixes, so that look-alikes of other names are refused.

The rule is UTS 39 "highly restrictive": one script per label, or Latin with one of the East Asian
sets. A label wholly of letters that look Latin under a Latin top-level domain is refused too.
"""

import unicodedata

_EAST_ASIAN_SETS = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
# Cyrillic, Greek and Armenian letters that are drawn like a Latin letter in common fonts.
_LATIN_LOOKALIKES = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡкмтвнԍαινορυχγκϲοսօոհցզԁ")
# Latin letters of phonetic alphabets that are drawn like plain ones, and the dotless i.
_LATIN_IMITATIONS = str.maketrans(
    {
        "ı": "i",
        "ȷ": "j",
        "ɑ": "a",
        "ɡ": "g",
        "ɩ": "i",
        "ɪ": "i",
        "ʏ": "y",
        "ʋ": "u",
        "ᴄ": "c",
        "ᴏ": "o",
        "ᴜ": "u",
        "ᴠ": "v",
        "ᴡ": "w",
        "ᴢ": "z",
        "ꜱ": "s",
    }
)
# Of these, letters that no language writes: only imitations do.
_PHONETIC = frozenset("ɡɪʏᴄᴏᴜᴠᴡᴢꜱ")
# Letters that every script shares: the prolonged sound mark, iteration marks, the ʻokina.
_SHARED = frozenset({"々", "〆", "〇", "ー", "\N{MODIFIER LETTER TURNED COMMA}"})


def _script(char: str) -> str | None:
    if not unicodedata.category(char).startswith("L") or char in _SHARED:
        return None
    first = unicodedata.name(char, "UNKNOWN").split(" ")[0]
    return first.removesuffix("-COMPATIBILITY")


def scripts_of(label: str) -> frozenset[str]:
    """Return the scripts of the label's letters; digits, marks and hyphens have none."""
    return frozenset(script for char in label if (script := _script(char)) is not None)


def mixes_scripts(label: str) -> bool:
    """Tell whether the label mixes scripts that no single language mixes."""
    scripts = scripts_of(label)
    if len(scripts) <= 1:
        return False
    return not any(scripts <= allowed for allowed in _EAST_ASIAN_SETS)


def looks_latin(label: str) -> bool:
    """Tell whether a label without Latin letters can be read as a Latin one."""
    scripts = scripts_of(label)
    if not scripts or "LATIN" in scripts:
        return False
    letters = {char for char in label if char.isalpha()}
    return letters <= _LATIN_LOOKALIKES


def is_phonetic(label: str) -> bool:
    """Tell whether a letter is a phonetic sign that is drawn like a plain one."""
    return not _PHONETIC.isdisjoint(label)


def plain_latin(name: str) -> str:
    """Return the name as a hurried reader reads it; most names come back as they are."""
    return name.translate(_LATIN_IMITATIONS)
