"""Hostile documents at the gate: each is refused, by its own code, before anything is believed.

A good document passes; each of these is a good one with one thing changed.
"""

import base64
import os
import re
import time
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from sso.domain.assertion import Expected, check_assertion
from sso.domain.refusals import Code, Refused
from sso.saml.assertion import read_assertion
from sso.saml.gate import verified_response
from sso.saml.gate.document import MAX_BYTES
from support.identity_provider import (
    CLAIMS,
    DS,
    SAML,
    SAMLP,
    Response,
    key,
    response_bytes,
    signed,
    tree,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ACS = "https://sp.test/saml/1/acs"
AUDIENCE = "https://sp.test/saml/1/metadata"
GOOD = Response(
    "id-1", ACS, AUDIENCE, NOW, attributes={f"{CLAIMS}/emailaddress": ["ann@corp.example"]}
)
EXPECTED = Expected(GOOD.issuer, AUDIENCE, ACS, "id-1", NOW)
Change = Callable[[etree._Element], object]


def let_through(document: bytes) -> str:
    """Return the address that a document is believed to name."""
    response = verified_response(document, [key("other").der, key().der])
    assertion = read_assertion(response.assertion)
    check_assertion(assertion, EXPECTED)
    return assertion.attributes[f"{CLAIMS}/emailaddress"][0]


def refusal(document: bytes) -> Code:
    with pytest.raises(Refused) as refused:
        let_through(document)
    return refused.value.code


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
@pytest.mark.parametrize("signature", ["rsa-sha256", "rsa-sha384", "rsa-sha512"])
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_what_entra_can_be_set_to_passes(sign: str, signature: str, digest: str) -> None:
    document = response_bytes(GOOD, sign=sign, signature=signature, digest=digest)
    assert let_through(document) == "ann@corp.example"


@pytest.mark.parametrize(
    "change",
    [
        lambda document: b"\xef\xbb\xbf" + document,
        lambda document: b'<?xml version="1.0" encoding="UTF-8"?>\n' + document,
        lambda document: document + b"\n\n",
    ],
)
def test_harmless_differences_pass(change: Callable[[bytes], bytes]) -> None:
    assert let_through(change(response_bytes(GOOD))) == "ann@corp.example"


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"sign": "none"}, Code.UNSIGNED),
        ({"signature": "rsa-sha1"}, Code.ALGORITHM),
        ({"digest": "sha1"}, Code.ALGORITHM),
        ({"by": key("stranger")}, Code.SIGNER_UNKNOWN),
    ],
)
def test_a_signature_that_is_not_ours_to_believe(how: dict[str, object], code: Code) -> None:
    assert refusal(response_bytes(GOOD, **how)) is code  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", Code.NOT_XML),
        (b"<", Code.NOT_XML),
        (b"plain text", Code.NOT_XML),
        (b"<a/>", Code.NOT_A_RESPONSE),
        (b"\xff\xfe<\x00a\x00/\x00>\x00", Code.NOT_XML),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', Code.NOT_XML),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', Code.NOT_XML),
        (b"<a>" * 60 + b"</a>" * 60, Code.TOO_LARGE),
        (b"<a>" + b"<b/>" * 30_000 + b"</a>", Code.TOO_LARGE),
        (b"<a>" + b"x" * MAX_BYTES + b"</a>", Code.TOO_LARGE),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', Code.DOCTYPE),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', Code.DOCTYPE),
        (b"<!doctype a><a/>", Code.DOCTYPE),
        (b'<a ID="x"><b Id="x"/></a>', Code.DUPLICATE_ID),
        (b'<a xml:id="x"><b ID="x"/></a>', Code.DUPLICATE_ID),
    ],
)
def test_what_is_no_document(document: bytes, code: Code) -> None:
    assert refusal(document) is code


def test_a_refusal_by_the_provider_is_told_apart() -> None:
    status = "urn:oasis:names:tc:SAML:2.0:status:Requester"
    response = GOOD.with_(status=status, message="AADSTS50105: not assigned")
    with pytest.raises(Refused) as refused:
        let_through(response_bytes(response, sign="none"))
    assert refused.value.code is Code.IDP_REFUSED
    assert refused.value.detail.startswith("AADSTS50105")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"audience": "https://sp.test/saml/2/metadata"}, Code.AUDIENCE),
        ({"audiences": []}, Code.AUDIENCE),
        ({"audiences": [AUDIENCE, "https://other.test"]}, Code.AUDIENCE),
        ({"recipient": "https://sp.test/saml/2/acs"}, Code.RECIPIENT),
        ({"recipient": None}, Code.RECIPIENT),
        ({"request_id": "id-2"}, Code.NOT_ASKED_FOR),
        ({"request_id": None}, Code.NOT_ASKED_FOR),
        ({"issuer": "https://sts.windows.net/other/"}, Code.ISSUER),
        ({"lifetime": timedelta(minutes=-2)}, Code.EXPIRED),
        ({"lifetime": timedelta(days=2)}, Code.EXPIRED),
        ({"not_before": timedelta(minutes=2)}, Code.NOT_YET_VALID),
        ({"statements": 0}, Code.NO_STATEMENT),
        ({"session_not_on_or_after": timedelta(minutes=-5)}, Code.EXPIRED),
    ],
)
def test_what_was_signed_for_somebody_else_or_another_time(
    change: dict[str, object], code: Code
) -> None:
    assert refusal(response_bytes(GOOD.with_(**change))) is code


def _altered(change: Change, sign: str = "assertion") -> bytes:
    root = etree.fromstring(response_bytes(GOOD, sign=sign))
    change(root)
    document: bytes = etree.tostring(root)
    return document


def _assertion(root: etree._Element) -> etree._Element:
    return root.find(f"{{{SAML}}}Assertion")


def _signature(root: etree._Element) -> etree._Element:
    return next(root.iter(f"{{{DS}}}Signature"))


def _forged(identifier: str = "_evil") -> etree._Element:
    """Return an unsigned assertion about somebody else."""
    attributes = {f"{CLAIMS}/emailaddress": ["boss@corp.example"]}
    response = GOOD.with_(assertion_id=identifier, attributes=attributes)
    return _assertion(tree(response))


def _set(path: str, name: str, value: str) -> Change:
    def change(root: etree._Element) -> None:
        found = next(root.iter(f"{{{DS}}}{path}"))
        found.set(name, value)

    return change


def _add(parent: str, child: str) -> Change:
    def change(root: etree._Element) -> None:
        next(root.iter(f"{{{DS}}}{parent}")).append(etree.fromstring(child))

    return change


def _in_front(root: etree._Element) -> None:
    root.insert(0, _forged())


def _behind(root: etree._Element) -> None:
    root.append(_forged())


def _wrapped_in_object(root: etree._Element) -> None:
    """The classic: the forged assertion in place of the signed one, which hides in an Object."""
    good = _assertion(root)
    evil = _forged()
    root.replace(good, evil)
    signature = _signature(good)
    holder = etree.SubElement(signature, f"{{{DS}}}Object")
    evil.insert(1, signature)
    holder.append(good)


def _wrapped_in_extensions(root: etree._Element) -> None:
    good = _assertion(root)
    root.replace(good, _forged())
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(good)
    root.insert(1, extensions)


def _wrapped_in_itself(root: etree._Element) -> None:
    good = _assertion(root)
    evil = _forged()
    root.replace(good, evil)
    evil.append(good)


def _same_id_twice(root: etree._Element) -> None:
    good = _assertion(root)
    root.insert(1, _forged(good.get("ID")))


def _changed_text(root: etree._Element) -> None:
    next(root.iter(f"{{{SAML}}}AttributeValue")).text = "boss@corp.example"


def _commented_text(root: etree._Element) -> None:
    """A comment in a signed text ends it for some readers; here it changes nothing."""
    value = next(root.iter(f"{{{SAML}}}AttributeValue"))
    value.text = "ann@corp.example"
    comment = etree.Comment("x")
    comment.tail = ".evil.example"
    value.append(comment)


def _moved_signature(root: etree._Element) -> None:
    root.insert(1, _signature(root))


def _second_signature(root: etree._Element) -> None:
    signature = _signature(root)
    signature.addnext(deepcopy(signature))


def _signature_inside(root: etree._Element) -> None:
    next(root.iter(f"{{{SAML}}}Subject")).append(_signature(root))


def _no_id(root: etree._Element) -> None:
    del _assertion(root).attrib["ID"]


def _encrypted(root: etree._Element) -> None:
    etree.SubElement(root, f"{{{SAML}}}EncryptedAssertion")


def _version_one(root: etree._Element) -> None:
    root.set("Version", "1.1")


def _hmac(root: etree._Element) -> None:
    method = "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
    next(root.iter(f"{{{DS}}}SignatureMethod")).set("Algorithm", method)


XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
WITH_COMMENTS = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"
RETRIEVAL = f'<RetrievalMethod xmlns="{DS}" URI="file:///etc/passwd"/>'


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_in_front, Code.NOT_ONE_ASSERTION),
        (_behind, Code.NOT_ONE_ASSERTION),
        (_wrapped_in_object, Code.NOT_ONE_ASSERTION),
        (_wrapped_in_extensions, Code.NOT_ONE_ASSERTION),
        (_wrapped_in_itself, Code.NOT_ONE_ASSERTION),
        (_same_id_twice, Code.DUPLICATE_ID),
        (_changed_text, Code.SIGNATURE_WRONG),
        (_commented_text, Code.SIGNATURE_WRONG),
        (_moved_signature, Code.SIGNATURE_FORM),
        (_second_signature, Code.SIGNATURE_PLACE),
        (_signature_inside, Code.SIGNATURE_PLACE),
        (_no_id, Code.NOT_ONE_ASSERTION),
        (_encrypted, Code.NOT_ONE_ASSERTION),
        (_version_one, Code.NOT_A_RESPONSE),
        (_hmac, Code.ALGORITHM),
        (_set("Reference", "URI", ""), Code.SIGNATURE_FORM),
        (_set("Reference", "URI", "#_other"), Code.SIGNATURE_FORM),
        (_set("Reference", "URI", "file:///etc/hostname"), Code.SIGNATURE_FORM),
        (_set("Reference", "URI", "file:///dev/zero"), Code.SIGNATURE_FORM),
        (_set("Reference", "URI", "http://127.0.0.1:1/"), Code.SIGNATURE_FORM),
        (_set("Reference", "URI", "#xpointer(/)"), Code.SIGNATURE_FORM),
        (_set("CanonicalizationMethod", "Algorithm", INCLUSIVE), Code.ALGORITHM),
        (_set("CanonicalizationMethod", "Algorithm", WITH_COMMENTS), Code.ALGORITHM),
        (_set("Transform", "Algorithm", XSLT), Code.SIGNATURE_FORM),
        (_set("Transform", "Algorithm", XPATH), Code.SIGNATURE_FORM),
        (_add("Transforms", f'<Transform xmlns="{DS}" Algorithm="{XPATH}"/>'), Code.SIGNATURE_FORM),
        (_add("Transform", f'<XPath xmlns="{DS}">true()</XPath>'), Code.SIGNATURE_FORM),
        (_add("Signature", f'<Object xmlns="{DS}"/>'), Code.SIGNATURE_FORM),
        (_add("SignedInfo", f'<Reference xmlns="{DS}" URI="#x"/>'), Code.SIGNATURE_FORM),
        (
            _add("SignatureMethod", f'<HMACOutputLength xmlns="{DS}">1</HMACOutputLength>'),
            Code.SIGNATURE_FORM,
        ),
        (_add("KeyInfo", RETRIEVAL), Code.SIGNATURE_FORM),
        (_add("KeyInfo", f'<Manifest xmlns="{DS}"/>'), Code.SIGNATURE_FORM),
    ],
)
def test_a_document_that_was_changed_after_it_was_signed(change: Change, code: Code) -> None:
    assert refusal(_altered(change)) is code


def test_a_key_that_the_document_brings_is_never_believed() -> None:
    """The signer's own certificate is in KeyInfo, as good as any; only ours count."""
    document = response_bytes(GOOD, key("stranger"))
    assert base64.b64encode(key("stranger").der)[:40] in re.sub(rb"\s", b"", document)
    assert refusal(document) is Code.SIGNER_UNKNOWN


def test_a_signed_assertion_in_a_response_of_a_stranger_is_still_the_providers() -> None:
    """Response and assertion are both signed: both signatures must be good."""
    root = tree(GOOD)
    good = _assertion(root)
    root.remove(good)
    root.append(signed(good, key()))
    root = signed(root, key("stranger"))
    assert refusal(etree.tostring(root)) is Code.SIGNER_UNKNOWN


def test_s1_nothing_is_opened_whatever_a_document_names(tmp_path: Path) -> None:
    """A FIFO would hang whoever opened it."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    begun = time.monotonic()
    uri = f"file://{fifo}"
    assert refusal(_altered(_set("Reference", "URI", uri))) is Code.SIGNATURE_FORM
    retrieval = f'<RetrievalMethod xmlns="{DS}" URI="{uri}"/>'
    assert refusal(_altered(_add("KeyInfo", retrieval))) is Code.SIGNATURE_FORM
    assert time.monotonic() - begun < 1


def test_identity_is_read_from_what_was_signed_alone() -> None:
    """Text behind the signature's place, comments and instructions change nothing."""
    document = response_bytes(GOOD)
    document = document.replace(b"<Subject>", b"<?x y?><!-- z --><Subject>", 1)
    assert let_through(document) == "ann@corp.example"
