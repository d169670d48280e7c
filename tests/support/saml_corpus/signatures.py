"""Signatures: of another form than may be, by another key, over something else."""

import base64
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from lxml import etree

from sso.domain.refusals import Code
from support.gate_documents import GOOD
from support.identity_provider import (
    DS,
    SAML,
    key,
    response_bytes,
    signed,
    tree,
)
from support.saml_corpus.making import (
    Change,
    Hostile,
    add_child,
    altered,
    assertion_of,
    drop,
    first_of,
    say_in,
    set_attribute,
)

_EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"

BAD_SIGNATURES = (
    f"{DS}hmac-sha1",
    f"{_MORE}hmac-sha256",
    f"{DS}rsa-sha1",
    f"{_MORE}rsa-md5",
    f"{_MORE}rsa-ripemd160",
    f"{DS}dsa-sha1",
    "http://www.w3.org/2009/xmldsig11#dsa-sha256",
    f"{_MORE}ecdsa-sha1",
    f"{_MORE}ecdsa-sha256",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "",
    "rsa-sha256",
)

BAD_DIGESTS = (
    f"{DS}sha1",
    f"{_MORE}md5",
    "http://www.w3.org/2001/04/xmlenc#ripemd160",
    f"{_MORE}sha224",
    "",
)

BAD_CANONICAL = (
    f"{_EXC}WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "",
)

BAD_TRANSFORMS = (
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/2002/06/xmldsig-filter2",
    f"{DS}base64",
    f"{_EXC}WithComments",
    "http://www.w3.org/2002/07/decrypt#XML",
    "",
)

BAD_REFERENCES = (
    None,
    "",
    "#",
    "#_other",
    "#xpointer(/)",
    "#xpointer(id('_a1'))",
    "_a1",
    "file:///etc/hostname",
    "file:///dev/zero",
    "http://127.0.0.1:1/",
)

_VALUES: tuple[tuple[str, str, Sequence[str | None], Code], ...] = (
    ("SignatureMethod", "Algorithm", BAD_SIGNATURES, Code.ALGORITHM),
    ("DigestMethod", "Algorithm", BAD_DIGESTS, Code.ALGORITHM),
    ("CanonicalizationMethod", "Algorithm", BAD_CANONICAL, Code.ALGORITHM),
    ("Transform", "Algorithm", BAD_TRANSFORMS, Code.SIGNATURE_FORM),
    ("Reference", "URI", BAD_REFERENCES, Code.SIGNATURE_FORM),
)


def signatures(level: str) -> Iterator[Hostile]:
    def made(name: str, change: Change, code: Code) -> Hostile:
        return Hostile(f"{level}: {name}", altered(change, level), code)

    for path, name, values, code in _VALUES:
        for value in values:
            yield made(
                f"{path}/@{name} {value!r} [N1, N3, S1, S6]", set_attribute(path, name, value), code
            )
    for name, change in _FORMS:
        yield made(name, change, Code.SIGNATURE_FORM)
    for name, change in (
        ("another value", lambda e: say_in("SignatureValue", "AAAA")(e)),
        ("an empty value", lambda e: say_in("SignatureValue", "")(e)),
        ("another digest", lambda e: say_in("DigestValue", "AAAA")(e)),
    ):
        yield made(name, change, Code.SIGNATURE_WRONG)
    yield made("two signatures", _twice, Code.SIGNATURE_PLACE)
    yield made("a signature deeper down", _deeper, Code.SIGNATURE_PLACE)
    if level == "assertion":
        yield made("no signature", _without, Code.UNSIGNED)
    yield from _signers(level)


def _signers(level: str) -> Iterator[Hostile]:
    for name, signer in (("a stranger", "stranger"), ("another tenant's provider [M4]", "b")):
        yield Hostile(
            f"{level}: signed by {name}",
            partial(response_bytes, GOOD, key(signer), sign=level),
            Code.SIGNER_UNKNOWN,
        )
    yield Hostile(
        f"{level}: signed by a stranger who shows our certificate",
        lambda: _with_our_certificate(level),
        Code.SIGNATURE_WRONG,
    )
    yield Hostile(
        f"{level}: the other of two signatures is a stranger's",
        lambda: _one_of_two(level),
        Code.SIGNER_UNKNOWN,
    )


def _swap_transforms(root: Any) -> None:
    transforms = first_of(root, "Transforms")
    transforms.append(transforms[0])


_FORMS: tuple[tuple[str, Change], ...] = (
    ("a third transform", add_child("Transforms", f'<Transform Algorithm="{DS}base64"/>')),
    ("no transform", lambda root: first_of(root, "Transforms").clear()),
    ("transforms the other way round", _swap_transforms),
    (
        "a transform with parameters",
        add_child("Transform", '<XPath x="">true()</XPath>'),
    ),
    ("a second reference", add_child("SignedInfo", '<Reference URI="#_a1"/>')),
    ("a reference before the methods", add_child("SignedInfo", '<Reference URI="#_a1"/>', 0)),
    ("a second SignedInfo", add_child("Signature", '<SignedInfo Id="x"/>', 0)),
    ("a second value", add_child("Signature", '<SignatureValue Id="x"/>', 1)),
    ("an Object", add_child("Signature", '<Object Id="x"/>')),
    (
        "a length of HMAC",
        add_child("SignatureMethod", '<HMACOutputLength x="">1</HMACOutputLength>'),
    ),
    ("a digest with parameters", add_child("DigestMethod", '<Param x=""/>')),
    ("a second digest", add_child("Reference", '<DigestValue x="">AAAA</DigestValue>')),
    ("a manifest", add_child("KeyInfo", '<Manifest Id="x"/>')),
    (
        "a key to be fetched [N1]",
        add_child("KeyInfo", '<RetrievalMethod URI="file:///etc/passwd"/>'),
    ),
    ("a key over http [N1]", add_child("KeyInfo", '<RetrievalMethod URI="http://127.0.0.1/"/>')),
    ("PGP data", add_child("KeyInfo", '<PGPData Id="x"/>')),
    ("no SignedInfo", drop("SignedInfo")),
    ("no value", drop("SignatureValue")),
    ("no reference", drop("Reference")),
    ("no digest method", drop("DigestMethod")),
    ("no Transforms", drop("Transforms")),
)


def _twice(root: Any) -> None:
    signature = first_of(root, "Signature")
    signature.addnext(deepcopy(signature))


def _deeper(root: Any) -> None:
    next(root.iter(f"{{{SAML}}}Subject")).append(first_of(root, "Signature"))


def _without(root: Any) -> None:
    signature = first_of(root, "Signature")
    signature.getparent().remove(signature)


def _with_our_certificate(level: str) -> bytes:
    document = response_bytes(GOOD, key("stranger"), sign=level)
    root = etree.fromstring(document)
    first_of(root, "X509Certificate").text = base64.b64encode(key().der).decode()
    return bytes(etree.tostring(root))


def _one_of_two(level: str) -> bytes:
    root = tree(GOOD)
    assertion = assertion_of(root)
    inner, outer = (key("stranger"), key()) if level == "assertion" else (key(), key("stranger"))
    root.remove(assertion)
    root.append(signed(assertion, inner))
    return bytes(etree.tostring(signed(root, outer)))
