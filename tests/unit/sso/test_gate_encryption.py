"""Encrypted assertions at the gate: every layout that providers send passes, nothing else does."""

import base64
import itertools
from typing import Any

import pytest
import xmlsec
from cryptography.hazmat.primitives import serialization
from lxml import etree

from sso.domain.refusals import Code, Refused
from sso.saml.gate import encryption as gate
from support.encryption import (
    CBC_NAMES,
    DIGESTS,
    GCM,
    MASKS,
    MGF1P,
    OAEP,
    RSA_1_5,
    XENC,
    How,
    encrypted,
)
from support.gate_documents import (
    CURRENT,
    EMAIL,
    GOOD,
    OTHER,
    RETIRED,
    Change,
    document,
    let_through,
    refusal,
)
from support.identity_provider import DS, SAML, Key, Response, key, response_bytes, signed

LAYOUTS = ["inside", "named", "bare"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
@pytest.mark.parametrize("data", GCM + CBC_NAMES)
def test_s7_every_layout_that_providers_send_is_read(layout: str, sign: str, data: str) -> None:
    assert let_through(document(How(data, layout=layout), sign=sign)) == "ann@corp.example"


@pytest.mark.parametrize(
    "how",
    [How(key=MGF1P, digest=digest) for digest in [None, *DIGESTS]]
    + [
        How(key=OAEP, digest=digest, mask=mask)
        for digest, mask in itertools.product([None, *DIGESTS], [None, *MASKS])
    ],
)
def test_n5_both_forms_of_oaep_are_read(how: How) -> None:
    assert let_through(document(how)) == "ann@corp.example"


@pytest.mark.parametrize("how", [How(), How(CBC_NAMES[0], OAEP, digest=f"{XENC}sha256")])
def test_what_these_tests_encrypt_is_what_libxmlsec_decrypts(how: How) -> None:
    root = etree.fromstring(document(how))
    manager = xmlsec.KeysManager()
    pem = CURRENT.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    manager.add_key(xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem))
    found = next(root.iter(f"{{{XENC}}}EncryptedData"))
    assert xmlsec.EncryptionContext(manager).decrypt(found).tag == f"{{{SAML}}}Assertion"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "recipients", [(OTHER, CURRENT), (OTHER, OTHER, RETIRED), (RETIRED,), (CURRENT, OTHER)]
)
def test_n6_n7_one_of_several_keys_is_ours_and_the_retired_one_counts(
    layout: str, recipients: tuple[Key, ...]
) -> None:
    assert let_through(document(How(layout=layout), *recipients)) == "ann@corp.example"


def test_nobody_else_s_assertion_is_read() -> None:
    assert refusal(document(How(), OTHER)) is Code.UNDECRYPTABLE


def test_a_number_of_keys_that_would_cost_is_refused() -> None:
    assert let_through(document(How(), *[OTHER] * 3, CURRENT)) == "ann@corp.example"
    assert refusal(document(How(), *[OTHER] * 4, CURRENT)) is Code.ENCRYPTION_FORM


def test_prefixes_that_were_declared_around_the_assertion_are_known_in_it() -> None:
    """Some encrypt octets that lean on declarations of the response (S7)."""
    root = etree.fromstring(response_bytes(GOOD))
    plaintext = etree.tostring(root.find(f"{{{SAML}}}Assertion"))
    leaning = plaintext.replace(b' xmlns="%s"' % SAML.encode(), b"", 1)
    assert leaning != plaintext
    around = encrypted(leaning, How(), [CURRENT])
    root.replace(root.find(f"{{{SAML}}}Assertion"), around)
    text = etree.tostring(root).replace(
        b"<saml:EncryptedAssertion ", b'<saml:EncryptedAssertion xmlns="%s" ' % SAML.encode(), 1
    )
    assert let_through(text) == "ann@corp.example"


@pytest.mark.parametrize("start", [b'<?xml version="1.0"?>', b"\n ", b"<!-- x -->"])
def test_what_stands_in_front_of_the_assertion_does_no_harm(start: bytes) -> None:
    assert let_through(_holding(start + _assertion())) == "ann@corp.example"


def _assertion(response: Response = GOOD, sign: str = "assertion") -> bytes:
    root = etree.fromstring(response_bytes(response, sign=sign))
    return bytes(etree.tostring(root.find(f"{{{SAML}}}Assertion")))


def _holding(plaintext: bytes, how: How = How(), sign: str = "none") -> bytes:  # noqa: B008
    """Return a response whose EncryptedAssertion holds these octets."""
    root = etree.fromstring(response_bytes(GOOD, sign="none"))
    root.replace(root.find(f"{{{SAML}}}Assertion"), encrypted(plaintext, how, [CURRENT]))
    if sign == "response":
        root = signed(root, key())
    return bytes(etree.tostring(root))


_EVIL = GOOD.with_(attributes={EMAIL: ["boss@corp.example"]}, assertion_id="_evil")


@pytest.mark.parametrize(
    ("plaintext", "code"),
    [
        (_assertion(_EVIL, "none"), Code.UNSIGNED),
        (b"", Code.NOT_ONE_ASSERTION),
        (b"plain", Code.NOT_ONE_ASSERTION),
        (b"</decrypted>", Code.NOT_XML),
        (b"</decrypted><decrypted>", Code.NOT_XML),
        (b"\xff\xfe", Code.NOT_XML),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', Code.DOCTYPE),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', Code.DOCTYPE),
        (_assertion() + _assertion(_EVIL, "none"), Code.NOT_ONE_ASSERTION),
        (b'<Response xmlns="%s"/>' % SAML.encode(), Code.NOT_ONE_ASSERTION),
        (b"<a>" + _assertion() + b"</a>", Code.NOT_ONE_ASSERTION),
        (_assertion().replace(b"ann@", b"eve@"), Code.SIGNATURE_WRONG),
        (_assertion().replace(b'Version="2.0"', b'Version="1.1"'), Code.NOT_ONE_ASSERTION),
        (_assertion().replace(b"<Subject>", b'<Subject ID="_a1">'), Code.DUPLICATE_ID),
        (b"<a>" * 60 + b"</a>" * 60, Code.TOO_LARGE),
    ],
)
def test_s4_that_something_was_encrypted_says_nothing_of_who_wrote_it(
    plaintext: bytes, code: Code
) -> None:
    """Anybody has our certificate (CVE-2026-2092)."""
    assert refusal(_holding(plaintext)) is code
    # CBC does not notice changes: which of them it was must not be told.
    assert refusal(_holding(plaintext, How(CBC_NAMES[2]))) is Code.UNDECRYPTABLE


def _signed_by_the_provider(change: Change) -> bytes:
    """Return what the provider itself has signed, strange as it is."""
    alone = etree.fromstring(_assertion(sign="none"))
    change(alone)
    return bytes(etree.tostring(signed(alone, key())))


def _advice(assertion: Any) -> None:
    advice = etree.SubElement(assertion, f"{{{SAML}}}Advice")
    advice.append(etree.fromstring(_assertion(_EVIL, "none")))


def _signature_inside(assertion: Any) -> None:
    etree.SubElement(assertion.find(f"{{{SAML}}}Subject"), f"{{{DS}}}Signature")


def _renamed(assertion: Any) -> None:
    assertion.tag = f"{{{SAML}}}Evidence"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_advice, Code.NOT_ONE_ASSERTION),
        (_renamed, Code.NOT_ONE_ASSERTION),
        (_signature_inside, Code.SIGNATURE_PLACE),
    ],
)
def test_s4_what_was_encrypted_passes_every_check_of_a_plain_one(
    change: Change, code: Code
) -> None:
    assert let_through(_holding(_signed_by_the_provider(lambda _: None))) == "ann@corp.example"
    assert refusal(_holding(_signed_by_the_provider(change))) is code


def test_padding_of_cbc_is_one_block_at_most() -> None:
    assertion = _assertion()
    long = bytes(16 - len(assertion) % 16 + 16 - 1)
    for last in (0, 17, 255):
        how = How(CBC_NAMES[2], tail=long + bytes([last]))
        assert refusal(_holding(assertion, how)) is Code.UNDECRYPTABLE
    right = long + bytes([len(long) + 1])
    assert refusal(_holding(assertion, How(CBC_NAMES[2], tail=right))) is Code.UNDECRYPTABLE


def test_s4_an_assertion_moved_out_of_a_signed_response_is_refused() -> None:
    whole = etree.fromstring(document(sign="response"))
    assert let_through(etree.tostring(whole)) == "ann@corp.example"
    moved = whole.find(f"{{{SAML}}}EncryptedAssertion")
    other = etree.fromstring(response_bytes(GOOD, sign="none"))
    other.replace(other.find(f"{{{SAML}}}Assertion"), moved)
    assert refusal(etree.tostring(other)) is Code.UNSIGNED


def test_s4_a_signature_of_the_response_covers_the_ciphertext() -> None:
    whole = etree.fromstring(document(sign="response"))
    mine = encrypted(_assertion(_EVIL, "none"), How(), [CURRENT])
    whole.replace(whole.find(f"{{{SAML}}}EncryptedAssertion"), mine)
    assert refusal(etree.tostring(whole)) is Code.SIGNATURE_WRONG


def test_rsa_1_5_is_refused_although_our_key_could() -> None:
    assert refusal(document(How(key=RSA_1_5))) is Code.ALGORITHM


def test_a_key_without_its_algorithm_rule_would_decrypt_to_the_wrong_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The list of algorithms is what refuses CBC where it is not wanted: without it, it passes."""
    monkeypatch.setattr(gate, "_CBC", {})
    assert refusal(document(How(CBC_NAMES[2]))) is Code.ALGORITHM
    monkeypatch.undo()
    assert let_through(document(How(CBC_NAMES[2]))) == "ann@corp.example"


@pytest.mark.parametrize("cut", [1, 15, 16, 17, 31, 32])
def test_cbc_answers_the_same_whatever_is_wrong(cut: int) -> None:
    """A padding oracle needs two different answers (Jager and Somorovsky, 2011)."""

    def shorten(root: Any) -> None:
        value = list(root.iter(f"{{{XENC}}}CipherValue"))[-1]
        value.text = base64.b64encode(base64.b64decode(value.text)[:-cut]).decode()

    assert refusal(document(How(CBC_NAMES[2]), change=shorten)) is Code.UNDECRYPTABLE


def test_cbc_never_tells_what_a_changed_block_decrypts_to() -> None:
    good = etree.fromstring(document(How(CBC_NAMES[2])))
    value = list(good.iter(f"{{{XENC}}}CipherValue"))[-1]
    ciphertext = base64.b64decode(value.text)
    for place in (0, 15, 16, 40, len(ciphertext) - 17, len(ciphertext) - 1):
        for bit in range(8):
            changed = bytearray(ciphertext)
            changed[place] ^= 1 << bit
            value.text = base64.b64encode(changed).decode()
            assert _answer(etree.tostring(good)) in (None, Code.UNDECRYPTABLE), (place, bit)


def _answer(document: bytes) -> Code | None:
    """Return the refusal; None if it is let through, since random padding may change."""
    try:
        assert let_through(document) == "ann@corp.example"
    except Refused as refused:
        return refused.code
    return None
