"""Encrypts assertions as identity providers do, in every layout, and as an attacker would.

A test lets libxmlsec decrypt what this makes, so that both ends cannot err alike.
"""

import base64
import os
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from lxml import etree

from support.identity_provider import DS, SAML, Key

XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
MGF1P, OAEP, RSA_1_5 = f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep", f"{XENC}rsa-1_5"
DIGESTS = {
    f"{DS}sha1": hashes.SHA1(),  # a form that providers send
    f"{XENC}sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    f"{XENC}sha512": hashes.SHA512(),
}
MASKS = {
    f"{XENC11}mgf1sha1": hashes.SHA1(),
    f"{XENC11}mgf1sha256": hashes.SHA256(),
    f"{XENC11}mgf1sha384": hashes.SHA384(),
    f"{XENC11}mgf1sha512": hashes.SHA512(),
}
GCM = [f"{XENC11}aes{bits}-gcm" for bits in (128, 192, 256)]
CBC_NAMES = [f"{XENC}aes{bits}-cbc" for bits in (128, 192, 256)]
_PREFIXES = {DS: "ds", XENC: "xenc", XENC11: "xenc11", SAML: "saml"}


@dataclass(frozen=True)
class How:
    """How an assertion is encrypted."""

    data: str = GCM[2]
    key: str = MGF1P
    digest: str | None = None
    mask: str | None = None
    layout: str = "inside"
    """`inside` KeyInfo; beside EncryptedData: `named` by RetrievalMethod, or `bare`."""
    tail: bytes | None = None
    """What stands behind the plaintext in place of CBC's padding."""


def node(space: str, name: str, *children: Any, text: str | None = None, **attributes: str) -> Any:
    """Return an element."""
    made = etree.Element(f"{{{space}}}{name}", nsmap={_PREFIXES[space]: space})
    for attribute, value in attributes.items():
        made.set(attribute, value)
    made.extend(children)
    made.text = text
    return made


def encrypted(plaintext: bytes, how: How, recipients: Sequence[Key]) -> Any:
    """Return an EncryptedAssertion with an EncryptedKey for each of the recipients."""
    secret = os.urandom(
        int("".join(filter(str.isdigit, how.data.rpartition("#aes")[2])) or 256) // 8
    )
    keys = [
        node(
            XENC,
            "EncryptedKey",
            _method(how.key, how.digest, how.mask),
            _cipher_data(each.private.public_key().encrypt(secret, _padding(how))),
            Id=f"_ek{number}",
        )
        for number, each in enumerate(recipients)
    ]
    data = node(XENC, "EncryptedData", _method(how.data), Type=f"{XENC}Element")
    if how.layout == "inside":
        data.append(node(DS, "KeyInfo", *keys))
    if how.layout == "named":
        named = [
            node(DS, "RetrievalMethod", URI=f"#{each.get('Id')}", Type=f"{XENC}EncryptedKey")
            for each in keys
        ]
        data.append(node(DS, "KeyInfo", *named))
    data.append(_cipher_data(_sealed(secret, how, plaintext)))
    return node(SAML, "EncryptedAssertion", data, *(keys if how.layout != "inside" else []))


def encrypt_assertion(response: Any, how: How, recipients: Sequence[Key]) -> Any:
    """Return a response whose assertion is encrypted, signed as it may be."""
    made = deepcopy(response)
    assertion = made.find(f"{{{SAML}}}Assertion")
    plaintext = etree.tostring(assertion, with_tail=False)
    made.replace(assertion, encrypted(plaintext, how, recipients))
    return made


def _method(algorithm: str, digest: str | None = None, mask: str | None = None) -> Any:
    made = node(XENC, "EncryptionMethod", Algorithm=algorithm)
    if digest is not None:
        made.append(node(DS, "DigestMethod", Algorithm=digest))
    if mask is not None:
        made.append(node(XENC11, "MGF", Algorithm=mask))
    return made


def _cipher_data(value: bytes) -> Any:
    text = base64.encodebytes(value).decode()
    return node(XENC, "CipherData", node(XENC, "CipherValue", text=text))


def _padding(how: How) -> Any:
    if how.key == RSA_1_5:
        return padding.PKCS1v15()
    digest = DIGESTS.get(how.digest or "", hashes.SHA1())
    mask = MASKS.get(how.mask or "", hashes.SHA1())
    return padding.OAEP(mgf=padding.MGF1(mask), algorithm=digest, label=None)


def _sealed(secret: bytes, how: How, plaintext: bytes) -> bytes:
    if how.data in GCM:
        iv = os.urandom(12)
        return iv + AESGCM(secret).encrypt(iv, plaintext, None)
    iv = os.urandom(16)
    added = 16 - len(plaintext) % 16
    encryptor = Cipher(AES(secret), CBC(iv)).encryptor()
    tail = os.urandom(added - 1) + bytes([added]) if how.tail is None else how.tail
    padded = plaintext + tail
    return iv + encryptor.update(padded) + encryptor.finalize()
