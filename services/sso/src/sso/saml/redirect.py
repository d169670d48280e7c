"""Signed messages by HTTP-Redirect (SAML bindings §3.4.4.1).

The signature is over the octets of the query as they were sent: whoever decodes and encodes them
again gets others, since Entra escapes in lower case. Nothing is inflated before it was verified.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote_plus, unquote, unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from sso.domain.refusals import Code, Refused

MAX_QUERY = 32_768
MAX_INFLATED = 65_536
MAX_PARAMETERS = 20
MAX_CERTIFICATES = 8
_SIGNED = ("RelayState", "SigAlg")
_MESSAGES = ("SAMLRequest", "SAMLResponse")
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ALGORITHMS: Mapping[str, hashes.HashAlgorithm] = {
    _RSA_SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class RedirectMessage:
    """A message that was verified."""

    document: bytes
    is_request: bool
    relay_state: str | None


def verified_message(query: bytes, certificates: Sequence[bytes]) -> RedirectMessage:
    """Return the message of a query, as it was sent, that one of the certificates (DER) signed.

    Raises:
        Refused: It is not signed, not by them, by another algorithm, or not to be read.
    """
    raw = _parameters(query)
    named = [name for name in _MESSAGES if name in raw]
    if len(named) != 1:
        raise Refused(Code.NOT_A_RESPONSE, "not exactly one SAMLRequest or SAMLResponse")
    if "Signature" not in raw or "SigAlg" not in raw:
        raise Refused(Code.UNSIGNED)
    [name] = named
    signed = "&".join(f"{each}={raw[each]}" for each in (name, *_SIGNED) if each in raw)
    _verify(signed.encode(), unquote(raw["SigAlg"]), _decoded(raw["Signature"]), certificates)
    relay_state = unquote_plus(raw["RelayState"]) if "RelayState" in raw else None
    return RedirectMessage(_inflated(_decoded(raw[name])), name == "SAMLRequest", relay_state)


def redirect_to(
    address: str,
    name: str,
    document: str,
    relay_state: str | None,
    key: RSAPrivateKey | None = None,
    **more: str,
) -> str:
    """Return the address that brings a message (`name` is SAMLRequest or SAMLResponse).

    It is signed by RSA with SHA-256 if there is a key; `more` stands behind, and is not signed.
    """
    compressor = zlib.compressobj(level=9, wbits=-15)
    deflated = compressor.compress(document.encode()) + compressor.flush()
    query = f"{name}={quote_plus(base64.b64encode(deflated).decode())}"
    if relay_state is not None:
        query += f"&RelayState={quote_plus(relay_state)}"
    if key is not None:
        query += f"&SigAlg={quote_plus(_RSA_SHA256)}"
        signature = key.sign(query.encode(), PKCS1v15(), hashes.SHA256())
        query += f"&Signature={quote_plus(base64.b64encode(signature).decode())}"
    for other, value in more.items():
        query += f"&{other}={quote_plus(value)}"
    return f"{address}{'&' if '?' in address else '?'}{query}"


def _parameters(query: bytes) -> Mapping[str, str]:
    """Return the parameters with their values as they were sent."""
    if len(query) > MAX_QUERY:
        raise Refused(Code.TOO_LARGE, f"{len(query)} bytes")
    try:
        pairs = [each.partition("=")[::2] for each in query.decode("ascii").split("&") if each]
    except UnicodeDecodeError:
        raise Refused(Code.NOT_A_RESPONSE, "a query that is not ASCII") from None
    # Also by another spelling: whoever reads the decoded query must not read another message.
    names = [unquote_plus(name) for name, _ in pairs]
    if len(pairs) > MAX_PARAMETERS or len(set(names)) != len(names):
        raise Refused(Code.NOT_A_RESPONSE, "a parameter twice, or too many")
    return dict(pairs)


def _decoded(raw: str) -> bytes:
    """Return what base64 in a query stands for; a plus that was not escaped is one."""
    try:
        return base64.b64decode("".join(unquote(raw).split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Code.NOT_BASE64) from None


def _verify(signed: bytes, algorithm: str, signature: bytes, certificates: Sequence[bytes]) -> None:
    digest = _ALGORITHMS.get(algorithm)
    if digest is None:
        raise Refused(Code.ALGORITHM, algorithm[:100])
    for certificate in certificates[:MAX_CERTIFICATES]:
        key = _public_key(certificate)
        try:
            key.verify(signature, signed, PKCS1v15(), digest)
        except InvalidSignature:
            continue
        return
    raise Refused(Code.SIGNATURE_WRONG)


@lru_cache(1_000)
def _public_key(certificate: bytes) -> RSAPublicKey:
    key = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, RSAPublicKey):
        raise TypeError("metadata with other keys than RSA is refused")
    return key


def _inflated(deflated: bytes) -> bytes:
    """Return a message; a bomb or anything behind its end is refused."""
    inflater = zlib.decompressobj(-15)
    try:
        document = inflater.decompress(deflated, MAX_INFLATED + 1)
    except zlib.error:
        raise Refused(Code.NOT_XML, "not deflated") from None
    if len(document) > MAX_INFLATED:
        raise Refused(Code.TOO_LARGE, "inflated")
    if not inflater.eof or inflater.unused_data:
        raise Refused(Code.NOT_XML, "not deflated, or something behind it")
    return document
