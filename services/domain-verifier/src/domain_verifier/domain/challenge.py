"""The TXT record that proves a claim: `_portico-challenge.<domain> TXT "token=<t> expiry=never"`.

Only a record whose whole RDATA equals the value proves anything; a token inside other text does not
(draft-ietf-dnsop-domain-verification-techniques).
"""

import base64
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain_verifier.domain.name import DomainName

LABEL = "_portico-challenge"
TOKEN_BYTES = 20


@dataclass(frozen=True, slots=True)
class Record:
    """What the tenant's admin publishes."""

    host: str
    """The name as DNS consoles ask for it: relative to the registered zone."""
    name: str
    """The full name, without a trailing dot."""
    value: str


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """Return a token of 160 random bits in lower-case base32: 32 letters and digits."""
    return base64.b32encode(random_bytes(TOKEN_BYTES)).decode("ascii").lower()


def record_for(domain: DomainName, token: str) -> Record:
    """Return the record that proves this tenant's claim to this domain."""
    below = domain.ascii.removesuffix(domain.registrable).rstrip(".")
    host = f"{LABEL}.{below}" if below else LABEL
    return Record(host=host, name=f"{LABEL}.{domain.ascii}", value=value_of(token))


def value_of(token: str) -> str:
    """Return the record's value for a token."""
    return f"token={token} expiry=never"


def proves(token: str, values: Iterable[bytes]) -> bool:
    """Tell whether one of the RDATA (strings already joined) is exactly the claim's value.

    Every value is compared, and each in constant time.
    """
    expected = value_of(token).encode("ascii")
    matches = False
    for value in values:
        matches |= hmac.compare_digest(expected, value)
    return matches


def unquoted(token: str, values: Iterable[bytes]) -> bool:
    """Tell whether a value lost its blank: without quotes a zone file makes two strings of it."""
    return value_of(token).replace(" ", "").encode("ascii") in values


def near_miss(token: str, values: Iterable[bytes]) -> bool:
    """Tell whether a value holds the right token in a wrong shape: quoted, spaced or cut short."""
    return any(token.encode("ascii") in value.lower() for value in values)
