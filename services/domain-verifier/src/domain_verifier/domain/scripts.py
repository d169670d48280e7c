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
# Latin letters of some languages that a hurried reader takes for plain ones.
_LATIN_IMITATIONS = str.maketrans({"ı": "i", "ȷ": "j", "ɑ": "a", "ɩ": "i", "ʋ": "u"})
# Scripts whose letters are nearly all drawn like Latin ones.
_LATIN_DOUBLES = frozenset({"LISU", "COPTIC", "CHEROKEE"})
# Lines over, under and through letters, which are hardly seen in an address bar.
_HARDLY_SEEN = frozenset("\u0305\u0332\u0333\u0335\u0336\u0337\u0338\u033f")
# Names of characters that do not begin with the name of their script.
_SCRIPT_OF = {"ARABIC-INDIC": "ARABIC", "EXTENDED": "ARABIC"}
# Letters that every script shares: the prolonged sound mark, iteration marks, the ʻokina.
_SHARED = frozenset({"々", "〆", "〇", "ー", "\N{MODIFIER LETTER TURNED COMMA}"})


def _script(char: str) -> str | None:
    """Return the script of a letter, mark or digit; None where all scripts share it."""
    if char.isascii() and not char.isalpha():
        return None
    if unicodedata.category(char)[0] not in "LMN" or char in _SHARED:
        return None
    first = unicodedata.name(char, "UNKNOWN").split(" ")[0].removesuffix("-COMPATIBILITY")
    return None if first == "COMBINING" else _SCRIPT_OF.get(first, first)


def scripts_of(label: str) -> frozenset[str]:
    """Return the scripts of the label's letters, marks and digits; hyphens have none."""
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
    if scripts <= _LATIN_DOUBLES:
        return True
    letters = {char for char in label if char.isalpha()}
    return letters <= _LATIN_LOOKALIKES


def is_imitation(label: str) -> bool:
    """Tell whether a character is a sign of phonetics, or a line, that no name needs."""
    return any(
        char == "ɡ" or char in _HARDLY_SEEN or "SMALL CAPITAL" in unicodedata.name(char, "")
        for char in label
        if not char.isascii()
    )


def plain_latin(name: str) -> str:
    """Return the name as a hurried reader reads it; most names come back as they are."""
    return name.translate(_LATIN_IMITATIONS)
