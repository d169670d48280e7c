"""Domain names in their one canonical form, and the names that nobody can claim.

Two spellings of one name always give the same `DomainName`; everything later compares `ascii` only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, field

import idna

from domain_verifier.domain.public_lists import SuffixList, mail_provider
from domain_verifier.domain.scripts import is_imitation, looks_latin, mixes_scripts, plain_latin
from kernel.errors import InvalidError

MAX_OCTETS = 253
# The record's own label goes in front: `_portico-challenge.` must still fit in 253 octets.
RECORD_LABEL_OCTETS = len("_portico-challenge.")

# RFC 6761, 6762, 7686, 8375, 9476 and IANA's special-use registry; names that home and office
# networks use without asking; names of the example series.
RESERVED = frozenset(
    [
        "alt",
        "arpa",
        "corp",
        "example",
        "home",
        "home.arpa",
        "internal",
        "intranet",
        "invalid",
        "lan",
        "local",
        "localdomain",
        "localhost",
        "mail",
        "onion",
        "private",
        "test",
        "example.com",
        "example.net",
        "example.org",
        "example.edu",
    ]
)


class NameRefusedError(InvalidError):
    """The name cannot be claimed by anybody, or is no name.

    Its sentence never tells whether another tenant knows the name.
    """


@dataclass(frozen=True, slots=True)
class DomainName:
    """A domain name that can be claimed."""

    ascii: str
    """Lower-case A-labels without a trailing dot: what is stored and compared."""
    registrable: str
    """The name one registers: the public suffix and one label."""

    @property
    def parents(self) -> list[str]:
        """The names above it, down to the registrable one."""
        labels = self.ascii.split(".")
        above = (".".join(labels[start:]) for start in range(1, len(labels)))
        return [name for name in above if name.endswith(self.registrable)]

    @property
    def unicode(self) -> str:
        """The name as people read it."""
        return idna.decode(self.ascii)

    @property
    def shown(self) -> str:
        """The readable name, followed by the stored one where they differ."""
        readable = self.unicode
        return self.ascii if readable == self.ascii else f"{readable} ({self.ascii})"


@dataclass(frozen=True, slots=True)
class NamePolicy:
    """What the operator adds to the public lists or takes from them."""

    test_zones: Collection[str] = ()
    """Zones under which everything can be claimed though the world does not know them."""
    mail_providers: Collection[str] = ()
    """Mail providers that the packages' lists lack."""
    reserved: Collection[str] = ()
    """Names of our own: nobody claims them or what is below them."""
    allowed: Collection[str] = ()
    """Names let through in spite of the mail and private-suffix lists."""
    suffixes: SuffixList = field(default_factory=SuffixList)

    def parse(self, text: str) -> DomainName:
        """Return the canonical name, or refuse it with a sentence that says why."""
        name = canonical(text)
        if zone := _under(name, self.test_zones):
            return DomainName(name, _one_label_below(name, zone))
        self._refuse_reserved(name)
        registrable = self._registrable(name)
        self._refuse_mail_provider(name, registrable)
        return DomainName(name, registrable)

    def registrable(self, name: str) -> str:
        """Return the registrable part of any DNS name, also of one nobody could claim."""
        if zone := _under(name, self.test_zones):
            return name if name == zone else _one_label_below(name, zone)
        return self.suffixes.registrable(name) or name

    def is_registry(self, zone: str) -> bool:
        """Tell whether a zone holds the registered domains of many, and nothing else of theirs."""
        return zone in self.test_zones or self.suffixes.is_icann_suffix(zone)

    def _refuse_reserved(self, name: str) -> None:
        if _under(name, RESERVED) or _under(name, self.reserved):
            raise NameRefusedError(
                "reserved_name",
                f"{name} is a reserved name. Claim a domain that your company owns.",
            )

    def _registrable(self, name: str) -> str:
        if self.suffixes.is_icann_suffix(name):
            raise NameRefusedError(
                "public_suffix",
                f"{name} is a public suffix, under which many registrants have names. "
                "Claim your company's own domain below it.",
            )
        if name in self.allowed:
            return self.suffixes.registrable(name) or name
        if self.suffixes.is_private_suffix(name):
            raise NameRefusedError(
                "private_suffix",
                f"{name} is a suffix under which its owner gives names to others, so it cannot "
                "speak for one company.",
            )
        registrable = self.suffixes.registrable(name)
        if registrable is None:
            raise NameRefusedError(
                "unknown_suffix",
                f"{name} does not end in a public top-level domain. Check the spelling.",
            )
        return registrable

    def _refuse_mail_provider(self, name: str, registrable: str) -> None:
        if name in self.allowed or registrable in self.allowed:
            return
        self._refuse_imitation(name)
        if provider := mail_provider(name, registrable, extra=self.mail_providers):
            raise NameRefusedError(
                "mail_provider",
                f"{provider} gives mail addresses to the public, so no company can claim it.",
            )

    def _refuse_imitation(self, name: str) -> None:
        """Refuse `gmaıl.com`: it says nothing but another provider's name."""
        readable = idna.decode(name)
        plain = plain_latin(readable)
        if plain == readable or not plain.isascii():
            return
        registrable = self.suffixes.registrable(plain) or plain
        if provider := mail_provider(plain, registrable, extra=self.mail_providers):
            raise NameRefusedError("confusable", f"{readable} looks like {provider} but is not.")


def canonical(text: str) -> str:
    """Return the name as lower-case A-labels (UTS 46, non-transitional), or refuse it."""
    name = text.strip()
    if not name:
        raise NameRefusedError("empty_name", "Give a domain name, such as acme.com.")
    _refuse_other_things(name)
    ascii_name = _to_ascii(name)
    labels = ascii_name.split(".")
    if len(labels) < 2:
        raise NameRefusedError(
            "single_label", f"{ascii_name} has only one label. Give a full name, such as acme.com."
        )
    if len(ascii_name) > MAX_OCTETS - RECORD_LABEL_OCTETS:
        raise NameRefusedError("name_too_long", "The name is too long for a record below it.")
    if _ends_in_number(labels[-1]):
        raise NameRefusedError(
            "ip_address", "That is an IP address or a number, not a domain name."
        )
    for label in labels:
        _refuse_lookalike(idna.decode(label), latin_zone=not labels[-1].startswith("xn--"))
    return ascii_name


def _refuse_other_things(name: str) -> None:
    """Name the usual mix-ups: an address, a URL, a wildcard, an IP literal."""
    if _is_ip(name):
        raise NameRefusedError("ip_address", "That is an IP address, not a domain name.")
    if "@" in name:
        raise NameRefusedError(
            "email_address", "That is an e-mail address. Give only the part after the @."
        )
    if "/" in name or ":" in name:
        raise NameRefusedError("url", "That is a URL. Give only the domain name, such as acme.com.")
    if "*" in name:
        raise NameRefusedError("wildcard_name", "A claim is for one name, not for a wildcard.")
    if "_" in name:
        raise NameRefusedError(
            "underscore",
            "Names with underscores hold records, not mailboxes. Give the domain itself.",
        )


def _to_ascii(name: str) -> str:
    try:
        # Non-transitional: ß and ς are letters of their own (UTS 46 §4).
        encoded = idna.encode(name, uts46=True, std3_rules=True, transitional=False)
    except (idna.IDNAError, UnicodeError) as error:
        raise NameRefusedError("not_a_name", f"That is not a domain name: {error}.") from error
    return encoded.decode("ascii").lower().removesuffix(".")


def _refuse_lookalike(label: str, *, latin_zone: bool) -> None:
    if mixes_scripts(label):
        raise NameRefusedError(
            "mixed_scripts",
            f"The label {label!r} mixes letters of several scripts, as imitations of names do.",
        )
    if is_imitation(label) or (latin_zone and looks_latin(label)):
        raise NameRefusedError(
            "confusable", f"The label {label!r} looks like plain Latin letters but is not."
        )


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _ends_in_number(label: str) -> bool:
    """WHATWG URL "ends in a number": such a host is read as an IPv4 address."""
    if label.isdigit():
        return True
    digits = label.removeprefix("0x")
    return digits != label and all(char in "0123456789abcdef" for char in digits)


def _under(name: str, zones: Collection[str]) -> str | None:
    """Return the longest of the zones that is the name itself or above it."""
    labels = name.split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels)))
    return next((parent for parent in parents if parent in zones), None)


def _one_label_below(name: str, zone: str) -> str:
    if name == zone:
        raise NameRefusedError("test_zone", f"{name} is a whole test zone. Claim a name below it.")
    below = name[: -len(zone) - 1].split(".")
    return f"{below[-1]}.{zone}"
