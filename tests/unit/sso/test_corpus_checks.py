"""Each check of the gate is needed: a document goes through as soon as one is taken out.

The document has one thing wrong, as an attacker or a careless provider would have it, and a real
signature where a signature is not what is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from lxml import etree

from sso.domain.assertion import check_assertion
from sso.domain.connection import IdentityProvider
from sso.domain.refusals import Code, Refused
from sso.saml.response import read_response
from support.gate_documents import ACS, EXPECTED, GOOD
from support.identity_provider import SAML, SAMLP, Key, key, response_bytes, tree
from support.saml_corpus import hostile

PROVIDER = IdentityProvider(GOOD.issuer, "https://idp.test/", (key().der,))
BY_NAME = {case.name: case for case in hostile()}
GATE, DOMAIN = "sso.saml.gate", "sso.domain.assertion"


def read(document: bytes) -> None:
    assertion, _ = read_response(document, PROVIDER, ACS, keys=list)
    check_assertion(assertion, EXPECTED)


def _nothing(*_: Any, **__: Any) -> None:
    return None


def signed_by_xmlsec(
    element: Any,
    by: Key,
    *,
    canonical: Any = xmlsec.constants.TransformExclC14N,
    method: Any = xmlsec.constants.TransformRsaSha256,
    digest: Any = xmlsec.constants.TransformSha256,
    transforms: tuple[Any, ...] = (
        xmlsec.constants.TransformEnveloped,
        xmlsec.constants.TransformExclC14N,
    ),
    prefixes: bool = False,
) -> Any:
    """Sign in a form that a test chooses, rightly."""
    signature = xmlsec.template.create(element, canonical, method, ns="ds")
    element.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, digest, uri=f"#{element.get('ID')}")
    for each in transforms:
        transform = xmlsec.template.add_transform(reference, each)
        if prefixes and each is xmlsec.constants.TransformExclC14N:
            inclusive = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
            prefix_list = etree.SubElement(transform, inclusive, PrefixList="xs")
            etree.SubElement(prefix_list, "{urn:x}x")
    context = xmlsec.SignatureContext()
    pem = by.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    context.register_id(element, "ID")
    context.sign(signature)
    return element


def _with_signature(**form: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        root = tree(GOOD)
        signed_by_xmlsec(root.find(f"{{{SAML}}}Assertion"), key(), **form)
        return bytes(etree.tostring(root))

    return make


def _stray_signature() -> bytes:
    """A signature deeper down that the provider has signed over."""
    root = tree(GOOD)
    assertion = root.find(f"{{{SAML}}}Assertion")
    subject = assertion.find(f"{{{SAML}}}Subject")
    etree.SubElement(subject, "{http://www.w3.org/2000/09/xmldsig#}Signature")
    signed_by_xmlsec(assertion, key())
    return bytes(etree.tostring(root))


def _id_twice() -> bytes:
    """The same ID on something that nobody has signed."""
    root = etree.fromstring(response_bytes(GOOD))
    root.find(f"{{{SAMLP}}}Status").set("Id", "_a1")
    return bytes(etree.tostring(root))


def _padded(elements: int) -> bytes:
    root = etree.fromstring(response_bytes(GOOD))
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.extend(etree.Element("x") for _ in range(elements))
    root.insert(1, extensions)
    return bytes(etree.tostring(root))


def _one_behind(root: Any) -> Any:
    """The first assertion of the response, whatever else there is."""
    return root.find(f"{{{SAML}}}Assertion")


def named(name: str) -> Callable[[], bytes]:
    return BY_NAME[name].make


@dataclass(frozen=True)
class Check:
    """A check, what stands in its place when it is taken out, and a document that needs it."""

    target: str
    make: Callable[[], bytes]
    code: Code
    instead: Callable[..., Any] = _nothing


CHECKS = [
    Check(f"{GATE}.document._check_encoding", named("octets: said to be ISO-8859-1"), Code.NOT_XML),
    Check(f"{GATE}.document._check_ids", _id_twice, Code.DUPLICATE_ID),
    Check(f"{GATE}.document._check_size", lambda: _padded(21_000), Code.TOO_LARGE),
    Check(
        f"{GATE}.response._check_status",
        named("meaning: an error with an assertion [OneUptime]"),
        Code.IDP_REFUSED,
    ),
    Check(
        f"{GATE}.response._only_assertion",
        named("XSW: a forged one behind, assertion signed"),
        Code.NOT_ONE_ASSERTION,
        _one_behind,
    ),
    Check(
        f"{GATE}.response._check_assertion",
        named("meaning: another version"),
        Code.NOT_ONE_ASSERTION,
    ),
    Check(f"{GATE}.response._check_places", _stray_signature, Code.SIGNATURE_PLACE),
    Check(f"{GATE}.response._verify_assertion", named("assertion: no signature"), Code.UNSIGNED),
    Check(
        f"{GATE}.signature._check_form",
        _with_signature(canonical=xmlsec.constants.TransformExclC14NWithComments),
        Code.ALGORITHM,
    ),
    Check(
        f"{GATE}.signature._check_form",
        _with_signature(method=xmlsec.constants.TransformRsaSha1),
        Code.ALGORITHM,
    ),
    Check(
        f"{GATE}.signature._check_reference",
        _with_signature(digest=xmlsec.constants.TransformSha1),
        Code.ALGORITHM,
    ),
    Check(
        f"{GATE}.signature._check_reference",
        _with_signature(
            transforms=(xmlsec.constants.TransformEnveloped, xmlsec.constants.TransformInclC14N),
        ),
        Code.SIGNATURE_FORM,
    ),
    Check(
        f"{GATE}.signature._check_prefix_list",
        _with_signature(prefixes=True),
        Code.SIGNATURE_FORM,
    ),
    Check(
        f"{GATE}.signature._verifies",
        named("changed AttributeValue"),
        Code.SIGNATURE_WRONG,
        lambda *_: True,
    ),
    Check("sso.saml.response._check_frame", named("frame: sent elsewhere"), Code.DESTINATION),
    Check("sso.saml.response._check_frame", named("frame: said to be another's"), Code.ISSUER),
    Check(f"{DOMAIN}._check_times", named("meaning: good for two days"), Code.EXPIRED),
    Check(f"{DOMAIN}._check_times", named("meaning: no NotOnOrAfter"), Code.EXPIRED),
    Check(f"{DOMAIN}._check_times", named("meaning: good later"), Code.NOT_YET_VALID),
    Check(f"{DOMAIN}._check_audience", named("meaning: another app's audience"), Code.AUDIENCE),
    Check(f"{DOMAIN}._check_audience", named("meaning: no audience"), Code.AUDIENCE),
    Check(
        f"{DOMAIN}._check_confirmation",
        named("meaning: an answer to another request"),
        Code.NOT_ASKED_FOR,
    ),
    Check(f"{DOMAIN}._check_confirmation", named("meaning: no recipient"), Code.RECIPIENT),
    Check(f"{DOMAIN}._check_confirmation", named("meaning: holder of key"), Code.NO_CONFIRMATION),
    Check(f"{DOMAIN}._check_statements", named("meaning: no statement"), Code.NO_STATEMENT),
    Check(f"{DOMAIN}._check_statements", named("meaning: a session that is over"), Code.EXPIRED),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.target}-{check.code.value}")
def test_without_the_check_the_document_goes_through(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = check.make()
    with pytest.raises(Refused) as refused:
        read(document)
    assert refused.value.code is check.code
    monkeypatch.setattr(check.target, check.instead)
    read(document)


def test_the_issuer_is_checked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the frame, which anybody writes, and in what was signed: both have to fall."""
    document = BY_NAME["meaning: another issuer"].make()
    monkeypatch.setattr("sso.saml.response._check_frame", _nothing)
    with pytest.raises(Refused) as refused:
        read(document)
    assert refused.value.code is Code.ISSUER
    monkeypatch.setattr(f"{DOMAIN}._check_issuer", _nothing)
    read(document)


def test_a_doctype_is_looked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the octets, and in what the parser made of them: both have to fall."""
    document = b"<!DOCTYPE r>" + response_bytes(GOOD)
    for check in ("_check_no_doctype", "_check_no_dtd"):
        with pytest.raises(Refused) as refused:
            read(document)
        assert refused.value.code is Code.DOCTYPE
        monkeypatch.setattr(f"{GATE}.document.{check}", _nothing)
    read(document)
