"""Encrypted documents of attackers at the gate: each is a good one with one thing changed."""

import base64
import os
import time
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from sso.domain.refusals import Code
from support.encryption import CBC_NAMES, GCM, MASKS, RSA_1_5, XENC, How, encrypted, node
from support.gate_documents import EMAIL, GOOD, OTHER, Change, document, refusal
from support.identity_provider import DS, SAML, response_bytes

_EVIL = GOOD.with_(attributes={EMAIL: ["boss@corp.example"]}, assertion_id="_evil")


def _assertion(response: Any, sign: str) -> bytes:
    root = etree.fromstring(response_bytes(response, sign=sign))
    return bytes(etree.tostring(root.find(f"{{{SAML}}}Assertion")))


def _in(name: str, change: Change) -> Change:
    return lambda root: change(next(root.iter(name)))


DATA, KEY_ELEMENT = f"{{{XENC}}}EncryptedData", f"{{{XENC}}}EncryptedKey"
METHOD, CIPHER = f"{{{XENC}}}EncryptionMethod", f"{{{XENC}}}CipherData"


def _reference(parent: str, uri: str) -> Change:
    """N1: what xmlsec would open."""

    def change(root: Any) -> None:
        cipher = next(root.iter(parent)).find(CIPHER)
        cipher[:] = [node(XENC, "CipherReference", URI=uri)]

    return change


def _retrieval(uri: str) -> Change:
    return _in(f"{{{DS}}}KeyInfo", lambda info: info.append(node(DS, "RetrievalMethod", URI=uri)))


def _method_of(parent: str, algorithm: str) -> Change:
    return lambda root: next(root.iter(parent)).find(METHOD).set("Algorithm", algorithm)


def _plain_beside(root: Any) -> None:
    root.append(etree.fromstring(_assertion(_EVIL, "none")))


def _twice(root: Any) -> None:
    root.append(encrypted(_assertion(_EVIL, "none"), How(layout="bare"), [OTHER]))


def _deeper(root: Any) -> None:
    found = root.find(f"{{{SAML}}}EncryptedAssertion")
    holder = etree.SubElement(root, f"{{{SAML}}}Advice")
    holder.append(found)


def _named_like_a_file(root: Any) -> None:
    """An Id can be anything; a reference that is none of a place here must not lead to it."""
    found = root.find(f"{{{SAML}}}EncryptedAssertion")
    info = next(found.iter(f"{{{DS}}}KeyInfo"))
    beside = info[0]
    beside.set("Id", "ile:///dev/null")
    found.append(beside)
    info.append(node(DS, "RetrievalMethod", URI="file:///dev/null"))


def _key_by_another_name(root: Any) -> None:
    found = root.find(f"{{{SAML}}}EncryptedAssertion")
    beside = next(found.iter(KEY_ELEMENT))
    next(found.iter(f"{{{DS}}}KeyInfo")).remove(beside)
    beside.tag = f"{{{XENC}}}Other"
    found.append(beside)


HOSTILE: list[tuple[str, Change, Code]] = [
    ("N1 CipherReference of data", _reference(DATA, "file:///etc/hostname"), Code.ENCRYPTION_FORM),
    (
        "N1 CipherReference of key",
        _reference(KEY_ELEMENT, "file:///dev/zero"),
        Code.ENCRYPTION_FORM,
    ),
    ("N1 CipherReference here", _reference(DATA, "#_ek0"), Code.ENCRYPTION_FORM),
    ("N1 CipherReference http", _reference(DATA, "http://127.0.0.1/"), Code.ENCRYPTION_FORM),
    ("N1 RetrievalMethod file", _retrieval("file:///etc/hostname"), Code.ENCRYPTION_FORM),
    ("N1 RetrievalMethod http", _retrieval("http://127.0.0.1/"), Code.ENCRYPTION_FORM),
    ("N1 RetrievalMethod nothing", _retrieval(""), Code.ENCRYPTION_FORM),
    ("N1 RetrievalMethod hash", _retrieval("#"), Code.ENCRYPTION_FORM),
    ("N1 RetrievalMethod pointer", _retrieval("#xpointer(/)"), Code.ENCRYPTION_FORM),
    ("N1 RetrievalMethod inside", _retrieval("#_ek0"), Code.ENCRYPTION_FORM),
    ("3DES", _method_of(DATA, f"{XENC}tripledes-cbc"), Code.ALGORITHM),
    ("no algorithm", _method_of(DATA, ""), Code.ALGORITHM),
    (
        "ChaCha20",
        _method_of(DATA, "http://www.w3.org/2021/04/xmldsig-more#chacha20"),
        Code.ALGORITHM,
    ),
    ("key wrap", _method_of(KEY_ELEMENT, f"{XENC}kw-aes256"), Code.ALGORITHM),
    ("rsa-1_5 named", _method_of(KEY_ELEMENT, RSA_1_5), Code.ALGORITHM),
    ("another size", _method_of(DATA, GCM[0]), Code.UNDECRYPTABLE),
    ("GCM taken for CBC", _method_of(DATA, CBC_NAMES[2]), Code.UNDECRYPTABLE),
    (
        "OAEPparams",
        _in(KEY_ELEMENT, lambda e: e.find(METHOD).append(node(XENC, "OAEPparams", text="AA=="))),
        Code.ALGORITHM,
    ),
    (
        "MGF in the old form",
        _in(
            KEY_ELEMENT,
            lambda e: e.find(METHOD).append(
                node("http://www.w3.org/2009/xmlenc11#", "MGF", Algorithm=next(iter(MASKS)))
            ),
        ),
        Code.ALGORITHM,
    ),
    (
        "MD5 digest",
        _in(
            KEY_ELEMENT,
            lambda e: e.find(METHOD).append(node(DS, "DigestMethod", Algorithm=f"{DS}md5")),
        ),
        Code.ALGORITHM,
    ),
    (
        "two digests",
        _in(
            KEY_ELEMENT,
            lambda e: e.find(METHOD).extend(
                [node(DS, "DigestMethod", Algorithm=f"{XENC}sha256") for _ in range(2)]
            ),
        ),
        Code.ALGORITHM,
    ),
    (
        "KeySize",
        _in(DATA, lambda e: e.find(METHOD).append(node(XENC, "KeySize", text="8"))),
        Code.ALGORITHM,
    ),
    ("no method", _in(DATA, lambda e: e.remove(e.find(METHOD))), Code.ENCRYPTION_FORM),
    (
        "no method, key",
        _in(KEY_ELEMENT, lambda e: e.remove(e.find(METHOD))),
        Code.ENCRYPTION_FORM,
    ),
    ("no CipherData", _in(DATA, lambda e: e.remove(e.find(CIPHER))), Code.ENCRYPTION_FORM),
    ("no key", _in(f"{{{DS}}}KeyInfo", lambda e: e.clear()), Code.ENCRYPTION_FORM),
    (
        "two CipherValues",
        _in(CIPHER, lambda e: e.append(node(XENC, "CipherValue", text="AA=="))),
        Code.ENCRYPTION_FORM,
    ),
    (
        "no base64",
        _in(f"{{{XENC}}}CipherValue", lambda e: setattr(e, "text", "%%")),
        Code.ENCRYPTION_FORM,
    ),
    (
        "elements in CipherValue",
        _in(f"{{{XENC}}}CipherValue", lambda e: e.append(node(DS, "KeyName"))),
        Code.ENCRYPTION_FORM,
    ),
    (
        "EncryptionProperties",
        _in(DATA, lambda e: e.append(node(XENC, "EncryptionProperties"))),
        Code.ENCRYPTION_FORM,
    ),
    (
        "Content",
        _in(DATA, lambda e: e.set("Type", f"{XENC}Content")),
        Code.ENCRYPTION_FORM,
    ),
    (
        "KeyInfo of a key retrieves",
        _in(
            KEY_ELEMENT,
            lambda e: e.insert(
                1, node(DS, "KeyInfo", node(DS, "RetrievalMethod", URI="file:///dev/zero"))
            ),
        ),
        Code.ENCRYPTION_FORM,
    ),
    ("N1 a key named like a file", _named_like_a_file, Code.ENCRYPTION_FORM),
    ("a key by another name", _key_by_another_name, Code.ENCRYPTION_FORM),
    (
        "data by another name",
        _in(DATA, lambda e: setattr(e, "tag", f"{{{XENC}}}Other")),
        Code.ENCRYPTION_FORM,
    ),
    (
        "properties of a key",
        _in(KEY_ELEMENT, lambda e: e.append(node(XENC, "EncryptionProperties"))),
        Code.ENCRYPTION_FORM,
    ),
    (
        "AgreementMethod",
        _in(f"{{{DS}}}KeyInfo", lambda e: e.append(node(XENC, "AgreementMethod"))),
        Code.ENCRYPTION_FORM,
    ),
    (
        "nothing in it",
        _in(f"{{{SAML}}}EncryptedAssertion", lambda e: e.clear()),
        Code.ENCRYPTION_FORM,
    ),
    (
        "data twice",
        _in(f"{{{SAML}}}EncryptedAssertion", lambda e: e.append(node(XENC, "EncryptedData"))),
        Code.ENCRYPTION_FORM,
    ),
    ("a plain one beside it (saml.md 2.5)", _plain_beside, Code.NOT_ONE_ASSERTION),
    ("two encrypted ones", _twice, Code.DUPLICATE_ID),
    ("not right below", _deeper, Code.NOT_ONE_ASSERTION),
    (
        "changed ciphertext",
        lambda root: setattr(
            (value := list(root.iter(f"{{{XENC}}}CipherValue"))[-1]),
            "text",
            base64.b64encode(
                base64.b64decode(value.text)[:-1] + bytes([base64.b64decode(value.text)[-1] ^ 1])
            ).decode(),
        ),
        Code.UNDECRYPTABLE,
    ),
    (
        "short ciphertext",
        lambda root: setattr(list(root.iter(f"{{{XENC}}}CipherValue"))[-1], "text", "AAAA"),
        Code.UNDECRYPTABLE,
    ),
    (
        "empty ciphertext",
        lambda root: setattr(list(root.iter(f"{{{XENC}}}CipherValue"))[-1], "text", None),
        Code.UNDECRYPTABLE,
    ),
]


@pytest.mark.parametrize(("change", "code"), [pytest.param(c, k, id=n) for n, c, k in HOSTILE])
def test_a_document_with_another_encryption_than_is_read(change: Change, code: Code) -> None:
    assert refusal(document(change=change)) is code


def test_nothing_is_opened_whatever_an_encryption_names(tmp_path: Path) -> None:
    """A FIFO would hang whoever opened it (N1)."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    uri = f"file://{fifo}"
    begun = time.monotonic()
    for change in (_reference(DATA, uri), _reference(KEY_ELEMENT, uri), _retrieval(uri)):
        assert refusal(document(change=change)) is Code.ENCRYPTION_FORM
    assert time.monotonic() - begun < 1
