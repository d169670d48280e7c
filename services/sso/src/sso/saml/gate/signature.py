"""One enveloped XML signature over one element, verified by keys that were pinned before.

The form is checked before xmlsec is called, since xmlsec follows what a document names: it opens
files for references, and takes any algorithm. KeyInfo in the document is never believed.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import xmlsec
from lxml import etree

from sso.domain.refusals import Code, Refused
from sso.saml.gate.document import Element

DS = "http://www.w3.org/2000/09/xmldsig#"
_EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED = f"{DS}enveloped-signature"
_SIGNATURE_METHODS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#rsa-sha{size}" for size in (256, 384, 512)
)
_DIGEST_METHODS = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)
_KEY_INFO = frozenset({f"{{{DS}}}X509Data", f"{{{DS}}}KeyValue", f"{{{DS}}}KeyName"})
MAX_CERTIFICATES = 8


def signature_of(element: Element) -> Element | None:
    """Return the signature that is a child of an element; two are refused."""
    found = element.findall(f"{{{DS}}}Signature")
    if len(found) > 1:
        raise Refused(Code.SIGNATURE_PLACE, "two signatures over one element")
    return found[0] if found else None


def verify(element: Element, signature: Element, certificates: Sequence[bytes]) -> None:
    """Verify an element's signature by one of the certificates (DER).

    Raises:
        Refused: It has another form than it may have, or none of the certificates made it.
    """
    _check_form(element, signature)
    for certificate in certificates[:MAX_CERTIFICATES]:
        if _verifies(element, signature, certificate):
            return
    seen = _fingerprint(signature)
    known = {hashlib.sha256(certificate).hexdigest() for certificate in certificates}
    if seen is not None and seen not in known:
        raise Refused(Code.SIGNER_UNKNOWN, f"signed by the certificate with SHA-256 {seen}")
    raise Refused(Code.SIGNATURE_WRONG)


def _verifies(element: Element, signature: Element, certificate: bytes) -> bool:
    context = xmlsec.SignatureContext()
    context.register_id(element, "ID")
    context.key = _key(certificate)
    try:
        context.verify(signature)
    except (xmlsec.Error, xmlsec.InternalError):
        return False
    return True


@lru_cache(1_000)
def _key(certificate: bytes) -> xmlsec.Key:
    return xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertDer)


def _check_form(element: Element, signature: Element) -> None:
    [signed_info, value, *rest] = _children(
        signature, "SignedInfo", "SignatureValue", "KeyInfo", least=2
    )
    del value
    method, algorithm, reference = _children(
        signed_info, "CanonicalizationMethod", "SignatureMethod", "Reference", least=3
    )
    _require(
        method.get("Algorithm") == _EXC_C14N, Code.ALGORITHM, _named("canonicalization", method)
    )
    _check_prefix_list(method)
    _require(
        algorithm.get("Algorithm") in _SIGNATURE_METHODS,
        Code.ALGORITHM,
        _named("signature", algorithm),
    )
    _require(len(algorithm) == 0, Code.SIGNATURE_FORM, "a signature method with parameters")
    _check_reference(element, reference)
    for key_info in rest:
        for child in key_info:
            _require(child.tag in _KEY_INFO, Code.SIGNATURE_FORM, "KeyInfo names something else")


def _named(what: str, method: Element) -> str:
    return f"{what} by {(method.get('Algorithm') or 'nothing')[:100]}"


def _check_reference(element: Element, reference: Element) -> None:
    identifier = element.get("ID") or ""
    _require(bool(identifier), Code.SIGNATURE_FORM, "an element without ID is signed")
    _require(reference.get("URI") == f"#{identifier}", Code.SIGNATURE_FORM, "Reference URI")
    transforms, digest, _ = _children(
        reference, "Transforms", "DigestMethod", "DigestValue", least=3
    )
    _require(digest.get("Algorithm") in _DIGEST_METHODS, Code.ALGORITHM, _named("digest", digest))
    _require(len(digest) == 0, Code.SIGNATURE_FORM, "a digest method with parameters")
    named = [child.get("Algorithm") for child in transforms]
    _require(named == [_ENVELOPED, _EXC_C14N], Code.SIGNATURE_FORM, "Transforms")
    _require(len(transforms[0]) == 0, Code.SIGNATURE_FORM, "a transform with parameters")
    _check_prefix_list(transforms[1])


def _check_prefix_list(method: Element) -> None:
    """Let nothing but one InclusiveNamespaces stand in a canonicalization."""
    allowed = f"{{{_EXC_C14N}}}InclusiveNamespaces"
    for child in method:
        _require(child.tag == allowed, Code.SIGNATURE_FORM, "a transform with parameters")
        _require(len(child) == 0, Code.SIGNATURE_FORM, "InclusiveNamespaces")
    _require(len(method) <= 1, Code.SIGNATURE_FORM, "InclusiveNamespaces")


def _children(parent: Element, *names: str, least: int) -> list[Element]:
    """Return the children, which must be these in this order, some of the last ones left out."""
    found = list(parent)
    tags = [child.tag for child in found]
    wanted = [f"{{{DS}}}{name}" for name in names]
    _require(
        tags == wanted[: len(tags)] and len(tags) >= least,
        Code.SIGNATURE_FORM,
        f"the children of {etree.QName(parent).localname}",
    )
    return found


def _require(holds: bool, code: Code, detail: str) -> None:
    if not holds:
        raise Refused(code, detail)


def _fingerprint(signature: Element) -> str | None:
    """Return the SHA-256 of the first certificate that a signature brings, for the log."""
    text = signature.findtext(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    if not text:
        return None
    try:
        return hashlib.sha256(_decoded(text)).hexdigest()
    except ValueError:
        return None


def _decoded(text: str) -> bytes:
    import base64

    return base64.b64decode("".join(text.split()), validate=True)
