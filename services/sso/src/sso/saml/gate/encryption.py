"""An encrypted assertion, decrypted without a library that follows what a document names.

Whoever has our certificate can encrypt to us, so this runs before anything is believed. xmlsec
would open files that CipherReference or RetrievalMethod name, and take RSA 1.5 and 3DES; here the
layout and the algorithms are an allow-list, and `cryptography` sees octets alone (XML Encryption
1.1).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from sso.domain.refusals import Code, Refused
from sso.saml.gate.document import Element, parse_document

DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
_DATA, _KEY = f"{{{XENC}}}EncryptedData", f"{{{XENC}}}EncryptedKey"
_METHOD, _KEY_INFO = f"{{{XENC}}}EncryptionMethod", f"{{{DS}}}KeyInfo"
_CIPHER_DATA, _CIPHER_VALUE = f"{{{XENC}}}CipherData", f"{{{XENC}}}CipherValue"
_RETRIEVAL = f"{{{DS}}}RetrievalMethod"
_WHOLE_ELEMENT = f"{XENC}Element"
_RECIPIENT_HINTS = frozenset({f"{{{DS}}}X509Data", f"{{{DS}}}KeyName", f"{{{DS}}}KeyValue"})
_KEY_EXTRAS = frozenset({f"{{{XENC}}}ReferenceList", f"{{{XENC}}}CarriedKeyName"})

_GCM = {f"{XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
_CBC = {f"{XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
_DIGESTS: Mapping[str, hashes.HashAlgorithm] = {
    f"{DS}sha1": hashes.SHA1(),  # noqa: S303  # what OAEP means when no digest is named
    f"{XENC}sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    f"{XENC}sha512": hashes.SHA512(),
}
_MASKS: Mapping[str, hashes.HashAlgorithm] = {
    f"{XENC11}mgf1sha1": hashes.SHA1(),  # noqa: S303
    f"{XENC11}mgf1sha256": hashes.SHA256(),
    f"{XENC11}mgf1sha384": hashes.SHA384(),
    f"{XENC11}mgf1sha512": hashes.SHA512(),
}
_MGF1P, _OAEP = f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep"
MAX_ENCRYPTED_KEYS = 4
MAX_PRIVATE_KEYS = 3
"""Of ours that are tried: the work that a stranger can ask for is their product."""
_GCM_IV, _GCM_TAG, _BLOCK = 12, 16, 16


@dataclass(frozen=True, slots=True)
class Decrypted:
    """What was in an EncryptedAssertion."""

    plaintext: bytes
    """Octets that anybody may have written; `parse_plaintext` reads them."""
    authenticated: bool
    """Whether the cipher notices a change (GCM); CBC does not."""


def decrypt(encrypted: Element, keys: Sequence[RSAPrivateKey]) -> Decrypted:
    """Return the content of an EncryptedAssertion.

    Raises:
        Refused: Its layout or an algorithm is not allowed, or none of the keys fits.
    """
    data, method, candidates = _layout(encrypted)
    algorithm = method.get("Algorithm") or ""
    size = _GCM.get(algorithm) or _CBC.get(algorithm)
    if size is None or len(method):
        raise Refused(Code.ALGORITHM, f"encryption by {algorithm[:100]}")
    ciphertext = _cipher_value(data)
    wrapped = [(_padding(each), _cipher_value(each)) for each in candidates]
    secret = _unwrap(wrapped, keys[:MAX_PRIVATE_KEYS], size)
    if secret is None:
        raise Refused(Code.UNDECRYPTABLE, "none of our keys fits")
    if algorithm in _GCM:
        return Decrypted(_open_gcm(secret, ciphertext), authenticated=True)
    return Decrypted(_open_cbc(secret, ciphertext), authenticated=False)


def _layout(encrypted: Element) -> tuple[Element, Element, Sequence[Element]]:
    """Return EncryptedData, its method, and the EncryptedKeys that may hold its key.

    They stand in its KeyInfo, or beside it: named by a RetrievalMethod, or by nothing at all.
    """
    data, *beside = list(encrypted) or [None]
    if data is None or data.tag != _DATA or any(each.tag != _KEY for each in beside):
        raise _form("the children of EncryptedAssertion")
    if data.get("Type") not in (None, _WHOLE_ELEMENT):
        raise _form("something else than an element is encrypted")
    method, key_info, cipher, rest = _parts(data)
    if rest or method is None:
        raise _form("the children of EncryptedData")
    _check_cipher(cipher)
    inside, named = _key_info(key_info)
    for identifier in named:
        if not any(each.get("Id") == identifier for each in beside):
            raise _form("a RetrievalMethod that names no EncryptedKey here")
    found = [*inside, *(each for each in beside if not named or each.get("Id") in named)]
    if not 1 <= len(found) <= len(inside) + len(beside) <= MAX_ENCRYPTED_KEYS:
        raise _form(f"{len(inside) + len(beside)} EncryptedKeys")
    for each in (*inside, *beside):
        _check_key(each)
    return data, method, found


def _key_info(key_info: Element | None) -> tuple[list[Element], set[str]]:
    """Return the EncryptedKeys in a KeyInfo of data, and the ids that it names."""
    inside, named = [], set()
    for child in key_info if key_info is not None else ():
        if child.tag == _KEY:
            inside.append(child)
        elif child.tag == _RETRIEVAL:
            uri = child.get("URI") or ""
            if not uri.startswith("#") or len(uri) == 1 or len(child):
                raise _form("a RetrievalMethod that leads elsewhere")
            named.add(uri[1:])
        elif child.tag not in _RECIPIENT_HINTS:
            raise _form("KeyInfo names something else")
    return inside, named


def _check_key(key: Element) -> None:
    method, key_info, cipher, rest = _parts(key)
    if method is None or any(each.tag not in _KEY_EXTRAS for each in rest):
        raise _form("the children of EncryptedKey")
    for child in key_info if key_info is not None else ():
        if child.tag not in _RECIPIENT_HINTS:
            raise _form("KeyInfo of a key names something else")
    _check_cipher(cipher)


def _parts(
    element: Element,
) -> tuple[Element | None, Element | None, Element | None, Sequence[Element]]:
    """Return method, KeyInfo and CipherData, which come once at most, and what is left."""
    rest = list(element)
    found: list[Element | None] = []
    for tag in (_METHOD, _KEY_INFO, _CIPHER_DATA):
        found.append(rest.pop(0) if rest and rest[0].tag == tag else None)
    method, key_info, cipher = found
    return method, key_info, cipher, rest


def _check_cipher(cipher: Element | None) -> None:
    if cipher is None or [each.tag for each in cipher] != [_CIPHER_VALUE] or len(cipher[0]):
        raise _form("CipherData must hold a CipherValue alone")


def _cipher_value(element: Element) -> bytes:
    text = element.findtext(f"{_CIPHER_DATA}/{_CIPHER_VALUE}") or ""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise _form("a CipherValue that is no base64") from None


def _padding(key: Element) -> OAEP:
    """Return how a key was encrypted: RSA-OAEP in both forms, nothing else."""
    method = key.find(_METHOD)
    algorithm = method.get("Algorithm") or ""
    if algorithm not in (_MGF1P, _OAEP):
        raise Refused(Code.ALGORITHM, f"key encryption by {algorithm[:100]}")
    digest: hashes.HashAlgorithm = hashes.SHA1()  # noqa: S303
    mask: hashes.HashAlgorithm = hashes.SHA1()  # noqa: S303
    seen = set()
    for child in method:
        named = child.get("Algorithm") or ""
        if child.tag == f"{{{DS}}}DigestMethod" and named in _DIGESTS:
            digest = _DIGESTS[named]
        elif child.tag == f"{{{XENC11}}}MGF" and named in _MASKS and algorithm == _OAEP:
            mask = _MASKS[named]
        else:
            raise Refused(Code.ALGORITHM, "a parameter of RSA-OAEP")
        if child.tag in seen or len(child):
            raise Refused(Code.ALGORITHM, "a parameter of RSA-OAEP")
        seen.add(child.tag)
    return OAEP(mgf=MGF1(mask), algorithm=digest, label=None)


def _unwrap(
    wrapped: Sequence[tuple[OAEP, bytes]], keys: Sequence[RSAPrivateKey], size: int
) -> bytes | None:
    """Return the first content key of the right size, our current key tried first."""
    for key in keys:
        for padding, ciphertext in wrapped:
            try:
                secret = key.decrypt(ciphertext, padding)
            except ValueError:
                continue
            if len(secret) == size:
                return secret
    return None


def _open_gcm(secret: bytes, ciphertext: bytes) -> bytes:
    if len(ciphertext) < _GCM_IV + _GCM_TAG:
        raise _undecryptable()
    try:
        return AESGCM(secret).decrypt(ciphertext[:_GCM_IV], ciphertext[_GCM_IV:], None)
    except InvalidTag:
        raise _undecryptable() from None


def _open_cbc(secret: bytes, ciphertext: bytes) -> bytes:
    """Return the plaintext; the last octet says how many were added (XML Encryption §5.2.1)."""
    if len(ciphertext) < 2 * _BLOCK or len(ciphertext) % _BLOCK:
        raise _undecryptable()
    decryptor = Cipher(AES(secret), CBC(ciphertext[:_BLOCK])).decryptor()
    padded = decryptor.update(ciphertext[_BLOCK:]) + decryptor.finalize()
    added = padded[-1]
    if not 1 <= added <= _BLOCK:
        raise _undecryptable()
    return padded[:-added]


def parse_plaintext(encrypted: Element, plaintext: bytes) -> Element:
    """Return what an EncryptedAssertion held as an element, through the checks of any document.

    It may use prefixes that were declared around it, so they are declared around it again.
    """
    if plaintext.lstrip().startswith(b"<?xml"):
        return parse_document(plaintext)
    declared = "".join(
        f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}"
        for prefix, uri in encrypted.nsmap.items()
    )
    document = f"<decrypted{declared}>".encode() + plaintext.strip() + b"</decrypted>"
    wrapper = parse_document(document)
    if len(wrapper) != 1:
        raise Refused(Code.NOT_ONE_ASSERTION, f"{len(wrapper)} elements were encrypted")
    return wrapper[0]


def _form(detail: str) -> Refused:
    return Refused(Code.ENCRYPTION_FORM, detail)


def _undecryptable() -> Refused:
    return Refused(Code.UNDECRYPTABLE, "it was changed, or the key is another")
