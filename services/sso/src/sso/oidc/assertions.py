"""Apps that prove themselves by a key of their own (RFC 7523 §3, OpenID Connect core §9)."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from chassis.tokens import key_id_of

ALGORITHMS = ("RS256", "PS256", "ES256")
LONGEST = timedelta(minutes=10)
"""How far ahead an assertion may end: its id is remembered until then."""
LEEWAY = timedelta(seconds=10)
MAX_JTI = 200
MAX_KEYS = 10
MIN_BITS = 2_048
_BITS_OF_BASE64 = 6
_TYPES = ("jwt", "client-authentication+jwt")


@dataclass(frozen=True, slots=True)
class AssertionReader:
    """Reads what apps sign."""

    audiences: Sequence[str]
    """What this provider is called in assertions: its issuer, and its token endpoint."""

    def named(self, token: str) -> str:
        """Return the app that an assertion says it is from; nothing is verified."""
        part = token.split(".")[1] if token.count(".") == 2 else ""
        try:
            said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (binascii.Error, ValueError, RecursionError):
            return ""
        found = said.get("sub") if isinstance(said, dict) else None
        return found if isinstance(found, str) else ""

    def read(
        self, token: str, client_id: str, keys: str, now: datetime
    ) -> tuple[str, datetime] | None:
        """Return id and end of an assertion of the app; None if it is not good."""
        key_id = key_id_of(token)
        found = [each for each in _keys(keys) if key_id is None or each.kid == key_id]
        if len(found) != 1:
            return None
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=int(LEEWAY.total_seconds()),
            iss={"essential": True, "value": client_id},
            sub={"essential": True, "value": client_id},
            aud={"essential": True, "values": list(self.audiences)},
            exp={"essential": True},
            jti={"essential": True},
        )
        try:
            read = jwt.decode(token, found[0], algorithms=list(ALGORITHMS))
            registry.validate(read.claims)
            ends = datetime.fromtimestamp(read.claims["exp"], UTC)
        except (JoseError, ValueError, TypeError, OverflowError, RecursionError):
            return None
        token_type = str(read.header.get("typ", "jwt")).lower().removeprefix("application/")
        jti = read.claims["jti"]
        if token_type not in _TYPES or not 0 < len(jti) <= MAX_JTI or ends > now + LONGEST:
            return None
        return jti, ends + LEEWAY


def checked_keys(text: str) -> str:
    """Return a key set as it is stored: public RSA and P-256 keys with ids.

    Raises:
        ValueError: It is something else; the message says what.
    """
    try:
        said = json.loads(text)
        keys = [_public(each) for each in said["keys"]]
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("It is no JSON Web Key Set of public RSA or P-256 keys.") from None
    if not 0 < len(keys) <= MAX_KEYS or len({key["kid"] for key in keys}) != len(keys):
        raise ValueError(f"It needs one to {MAX_KEYS} keys, each with an id (kid) of its own.")
    return json.dumps({"keys": keys})


def _public(said: dict[str, Any]) -> dict[str, Any]:
    key: RSAKey | ECKey
    if said["kty"] == "RSA":
        if len(said["n"]) * _BITS_OF_BASE64 < MIN_BITS:
            raise ValueError("a short key")
        key = RSAKey.import_key(said)
        sound = True
    else:
        key = ECKey.import_key(said)
        sound = said["kty"] == "EC" and key.curve_name == "P-256"
    if not sound or key.is_private or not isinstance(said["kid"], str):
        raise ValueError
    return dict(key.as_dict(private=False)) | {"kid": said["kid"]}


def _keys(text: str) -> Sequence[Key]:
    return KeySet.import_key_set(json.loads(text)).keys
