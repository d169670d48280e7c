"""What an identity provider's certificate says of itself; trust comes from its being pinned."""

import hashlib
from datetime import datetime

from cryptography import x509


def fingerprint_of(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate (DER) in hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


def expiry_of(certificate: bytes) -> datetime:
    """Return when a certificate (DER) ends: it goes on being trusted, as Entra does, and warns."""
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc
