"""Mail addresses, read in one way everywhere: what two readers could read differently is none."""

from dataclasses import dataclass

import idna

MAX_LENGTH = 254
_FORBIDDEN = frozenset('"(),:;<>[\\]')


@dataclass(frozen=True, slots=True)
class Address:
    """An address."""

    text: str
    domain: str
    """Lower-case A-labels."""


def parse_address(text: str) -> Address | None:
    """Return the address that a text is: one @, nothing quoted, a domain with a dot; else None."""
    text = text.strip()
    local, at, domain = text.partition("@")
    if not at or "@" in domain or not local or len(text) > MAX_LENGTH:
        return None
    if any(sign in _FORBIDDEN or not sign.isprintable() or sign.isspace() for sign in text):
        return None
    try:
        # As the domain verifier reads names: ß and ς are letters of their own (UTS 46 §4).
        encoded = idna.encode(domain, uts46=True, std3_rules=True, transitional=False)
    except (idna.IDNAError, UnicodeError):
        return None
    ascii_domain = encoded.decode("ascii").lower()
    labels = ascii_domain.split(".")
    if len(labels) < 2 or not all(_is_label(label) for label in labels):
        return None
    return Address(f"{local}@{domain}", ascii_domain)


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= 63
        and label.replace("-", "").isalnum()
        and label.isascii()
        and not label.startswith("-")
        and not label.endswith("-")
    )
