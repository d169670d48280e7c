"""The life of our keys: published before they are used, kept after; the clock alone decides.

A key has the moment from which it is the current one, and nothing else is stored of its state: no
process has to switch anything, and all of them switch at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

LEAD = timedelta(hours=24)
"""How long a key is published before it is used."""
KEPT = timedelta(hours=24)
"""How long a key is published, and read by, after another has followed it."""
LIFETIME = timedelta(days=30)
"""How long a key for tokens is the current one."""


class Purpose(StrEnum):
    """What keys are for."""

    OPENID = "openid"
    """Signing tokens; apps fetch the public keys themselves, so a new one follows by itself."""
    SAML = "saml"
    """Decrypting assertions; admins install certificates by hand, so a command alone changes it."""


class KeyState(StrEnum):
    """Where in its life a key is."""

    NEXT = "next"
    CURRENT = "current"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as it is stored."""

    id: str
    purpose: Purpose
    private_key: bytes
    """PEM, encrypted by the deployment's key."""
    certificate: bytes | None
    """DER, of keys for SAML."""
    created_at: datetime
    active_from: datetime


def state_of(key: StoredKey, keys: Sequence[StoredKey], now: datetime) -> KeyState:
    """Return where in its life a key is, among those of its purpose."""
    if key.active_from > now:
        return KeyState.NEXT
    begun = [each for each in keys if each.active_from <= now]
    return KeyState.CURRENT if key == max(begun, key=_age) else KeyState.RETIRED


def in_order(keys: Sequence[StoredKey], now: datetime) -> list[StoredKey]:
    """Return the keys of a purpose: the current one, retired ones from the newest, next ones."""
    begun = sorted((each for each in keys if each.active_from <= now), key=_age, reverse=True)
    return begun + sorted((each for each in keys if each.active_from > now), key=_age)


def begins_at(keys: Sequence[StoredKey], now: datetime) -> datetime:
    """Return from when a key that is made now is the current one; the first is at once."""
    return now + LEAD if keys else now


def is_due(purpose: Purpose, keys: Sequence[StoredKey], now: datetime) -> bool:
    """Tell whether a new key must be made, so that it is published for long enough."""
    if not keys:
        return True
    newest = max(each.active_from for each in keys)
    return purpose is Purpose.OPENID and newest + LIFETIME - LEAD <= now


def worn_out(purpose: Purpose, keys: Sequence[StoredKey], now: datetime) -> list[StoredKey]:
    """Return the keys that nothing needs any more.

    What is encrypted to an old certificate is decrypted until the one after the next follows.
    """
    begun = [each for each in in_order(keys, now) if each.active_from <= now]
    if purpose is Purpose.SAML:
        return begun[2:]
    followed_at = {old.id: new.active_from for new, old in pairwise(begun)}
    return [each for each in begun[1:] if followed_at[each.id] + KEPT <= now]


def _age(key: StoredKey) -> tuple[datetime, str]:
    return key.active_from, key.id
