"""The service provider's key and certificate, one set for the deployment."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.fernet import MultiFernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sso.domain.keys import Purpose, StoredKey

KEY_BITS = 3_072
VALID = timedelta(days=3 * 365)
_SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A key that we decrypt by."""

    private: rsa.RSAPrivateKey
    certificate: bytes
    """DER."""


def make_provider_key(cipher: MultiFernet, now: datetime, active_from: datetime) -> StoredKey:
    """Make a key; its id is the SHA-256 of its certificate, which signs itself."""
    private = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Portico sign-on")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(active_from + VALID)
        .sign(private, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return StoredKey(
        id=hashlib.sha256(certificate).hexdigest(),
        purpose=Purpose.SAML,
        private_key=cipher.encrypt(pem),
        certificate=certificate,
        created_at=now,
        active_from=active_from,
    )


def open_provider_key(key: StoredKey, private_pem: bytes) -> ProviderKey:
    """Return a key that was decrypted."""
    private = serialization.load_pem_private_key(private_pem, password=None)
    if not isinstance(private, rsa.RSAPrivateKey) or key.certificate is None:
        raise TypeError("a key for SAML is an RSA key with a certificate")
    return ProviderKey(private, key.certificate)
