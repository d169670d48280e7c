"""Secrets that people and apps carry, and the digests that are kept of them.

They are 256 random bits, so a plain digest cannot be turned back; nothing that a person thinks up
is ever digested here.
"""

import hashlib
import secrets

BYTES = 32


def new_secret() -> str:
    """Make a secret of 256 bits, for cookies, codes and proofs."""
    return secrets.token_urlsafe(BYTES)


def digest_of(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()
