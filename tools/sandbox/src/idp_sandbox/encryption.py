"""Encrypting an assertion as Entra does: AES-256-CBC, its key by RSA-OAEP (MGF1 with SHA-1)."""

import base64
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from lxml import etree

from idp_sandbox.names import DS, SAML, XENC

_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
BLOCK = 16


def encrypted(assertion: etree._Element, certificate: bytes) -> etree._Element:
    """Return an EncryptedAssertion that the owner of the certificate (PEM) can read."""
    recipient = x509.load_pem_x509_certificate(certificate).public_key()
    if not isinstance(recipient, rsa.RSAPublicKey):
        raise ValueError("the certificate to encrypt to must be of an RSA key")
    secret = os.urandom(32)
    made = etree.Element(f"{{{SAML}}}EncryptedAssertion", nsmap={None: SAML})
    data = etree.SubElement(made, f"{{{XENC}}}EncryptedData", nsmap={"xenc": XENC})
    data.set("Type", f"{XENC}Element")
    _add_method(data, f"{XENC}aes256-cbc")
    key_info = etree.SubElement(data, f"{{{DS}}}KeyInfo", nsmap={None: DS})
    key = etree.SubElement(key_info, f"{{{XENC}}}EncryptedKey", nsmap={"e": XENC})
    _add_method(key, f"{XENC}rsa-oaep-mgf1p")
    _add_value(key, recipient.encrypt(secret, _OAEP))
    _add_value(data, _sealed(secret, etree.tostring(assertion, with_tail=False)))
    return made


def _sealed(secret: bytes, plaintext: bytes) -> bytes:
    iv = os.urandom(BLOCK)
    padder, encryptor = PKCS7(BLOCK * 8).padder(), Cipher(AES(secret), CBC(iv)).encryptor()
    padded = padder.update(plaintext) + padder.finalize()
    return iv + encryptor.update(padded) + encryptor.finalize()


def _add_method(parent: etree._Element, algorithm: str) -> None:
    etree.SubElement(parent, f"{{{XENC}}}EncryptionMethod", Algorithm=algorithm)


def _add_value(parent: etree._Element, value: bytes) -> None:
    data = etree.SubElement(parent, f"{{{XENC}}}CipherData")
    text = base64.b64encode(value).decode()
    etree.SubElement(data, f"{{{XENC}}}CipherValue").text = text
