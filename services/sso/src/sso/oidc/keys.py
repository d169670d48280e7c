"""The keys that tokens are signed by, and the tokens (RFC 7515, RFC 7519, RFC 9068)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from joserfc import jwt
from joserfc.jwk import RSAKey

from chassis.tokens import Expected, key_id_of, read_token
from sso.domain.keys import Purpose, StoredKey

ALGORITHM = "RS256"
KEY_BITS = 2_048


class KeysUnreadable(Exception):
    """None of the given keys decrypts what is stored; the message says what to do."""


def encryption(keys: str) -> MultiFernet:
    """Return what encrypts private keys at rest: the first of the comma-separated keys encrypts.

    Raises:
        ValueError: One of them is no Fernet key.
    """
    return MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])


def decrypted(cipher: MultiFernet, key: StoredKey) -> bytes:
    """Return a private key in PEM.

    Raises:
        KeysUnreadable: None of the deployment's keys decrypts it.
    """
    try:
        return cipher.decrypt(key.private_key)
    except InvalidToken:
        raise KeysUnreadable(
            "None of SSO_ENCRYPTION_KEYS decrypts the stored keys: "
            "add the key that was set when they were made."
        ) from None


def make_signing_key(cipher: MultiFernet, now: datetime, active_from: datetime) -> StoredKey:
    """Make a key that signs tokens; its id is its thumbprint (RFC 7638)."""
    key = RSAKey.generate_key(KEY_BITS, private=True)
    return StoredKey(
        id=key.thumbprint(),
        purpose=Purpose.OPENID,
        private_key=cipher.encrypt(key.as_pem(private=True)),
        certificate=None,
        created_at=now,
        active_from=active_from,
    )


def open_signing_key(key: StoredKey, private_pem: bytes) -> RSAKey:
    """Return a key that was decrypted."""
    return RSAKey.import_key(private_pem, {"kid": key.id, "use": "sig", "alg": ALGORITHM})


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The deployment's keys: the current one signs, all of them verify."""

    issuer: str
    keys: Callable[[], Sequence[RSAKey]]
    """Returns them at this moment, the current one first."""

    def jwks(self) -> Mapping[str, Any]:
        """Return the public parts (RFC 7517 §5)."""
        return {"keys": [key.as_dict(private=False) for key in self.keys()]}

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        """Return claims as a signed token."""
        key = self.keys()[0]
        header = {"alg": ALGORITHM, "typ": typ, "kid": key.kid}
        return jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM])

    def read(self, token: str, *, typ: str, audience: str, now: datetime) -> Mapping[str, Any]:
        """Return the claims of a token of ours.

        Raises:
            UnauthenticatedError: It is of another type, another's, for somebody else, or over.
        """
        key_id = key_id_of(token)
        key = next((each for each in self.keys() if each.kid == key_id), None)
        return read_token(token, key, Expected(self.issuer, audience, typ), now)
