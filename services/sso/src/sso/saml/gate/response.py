"""The gate: raw bytes in, a verified assertion out, or a refusal with a code.

Everything that an attacker can write passes here before pysaml2 sees any of it. What comes out is
the assertion in canonical form, made of exactly the element whose signature was verified.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from sso.domain.refusals import Code, Refused
from sso.saml.gate.document import Element, parse_document
from sso.saml.gate.encryption import decrypt, parse_plaintext
from sso.saml.gate.signature import DS, signature_of, verify

SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_RESPONSE = f"{{{SAMLP}}}Response"
_ASSERTION = f"{{{SAML}}}Assertion"
_ENCRYPTED = f"{{{SAML}}}EncryptedAssertion"
_SIGNATURE = f"{{{DS}}}Signature"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
MAX_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class VerifiedResponse:
    """What a response says of itself, which may not be signed, and its assertion, which is."""

    destination: str | None
    in_response_to: str | None
    issuer: str | None
    assertion: bytes
    """Exclusive canonical XML of the assertion without its signature."""


def verified_response(
    raw: bytes, certificates: Sequence[bytes], keys: Sequence[RSAPrivateKey] = ()
) -> VerifiedResponse:
    """Return what a response says, if one of the certificates (DER) has signed its assertion.

    `keys` are ours, the current one first; an encrypted assertion is decrypted by them.

    Raises:
        Refused: With the code of the first thing that is wrong.
    """
    root = parse_document(raw)
    if root.tag != _RESPONSE or root.get("Version") != "2.0":
        raise Refused(Code.NOT_A_RESPONSE)
    _check_status(root)
    found = _only_assertion(root)
    _check_places(root, found)
    # A signature of the response is over the ciphertext: it is verified before that is touched.
    outer = signature_of(root)
    if outer is not None:
        verify(root, outer, certificates)
    if found.tag == _ENCRYPTED:
        assertion = _decrypted(found, certificates, keys, sealed=outer is not None)
    else:
        assertion = found
        _verify_assertion(assertion, certificates, sealed=outer is not None)
    return VerifiedResponse(
        destination=root.get("Destination"),
        in_response_to=root.get("InResponseTo"),
        issuer=root.findtext(f"{{{SAML}}}Issuer"),
        assertion=_canonical(assertion),
    )


def _verify_assertion(assertion: Element, certificates: Sequence[bytes], *, sealed: bool) -> None:
    """Verify an assertion's own signature; only one in a signed response may have none."""
    signature = signature_of(assertion)
    if signature is None and not sealed:
        raise Refused(Code.UNSIGNED)
    if signature is not None:
        verify(assertion, signature, certificates)


def _decrypted(
    encrypted: Element,
    certificates: Sequence[bytes],
    keys: Sequence[RSAPrivateKey],
    *,
    sealed: bool,
) -> Element:
    """Return the decrypted assertion, after everything that a plain one has to pass.

    Anybody can encrypt to us: that it was encrypted says nothing of who wrote it.
    """
    plain = decrypt(encrypted, keys)
    try:
        assertion = parse_plaintext(encrypted, plain.plaintext)
        if assertion.tag != _ASSERTION or len(list(assertion.iter(_ASSERTION, _ENCRYPTED))) != 1:
            raise Refused(Code.NOT_ONE_ASSERTION, "something else was encrypted")
        _check_assertion(assertion)
        _check_places(assertion, assertion)
        _verify_assertion(assertion, certificates, sealed=sealed)
    except Refused as refusal:
        if plain.authenticated or sealed:
            raise
        # What a changed CBC ciphertext decrypts to must not be told: answers would decrypt it.
        raise Refused(Code.UNDECRYPTABLE, "it was changed, or is not signed") from refusal
    return assertion


def _check_status(root: Element) -> None:
    status = root.find(f"{{{SAMLP}}}Status/{{{SAMLP}}}StatusCode")
    if status is None:
        raise Refused(Code.NOT_A_RESPONSE, "no Status")
    if status.get("Value") != _SUCCESS:
        message = root.findtext(f"{{{SAMLP}}}Status/{{{SAMLP}}}StatusMessage") or ""
        raise Refused(Code.IDP_REFUSED, message.strip()[:MAX_MESSAGE])


def _only_assertion(root: Element) -> Element:
    """Return the one assertion, plain or encrypted, right below the response and nowhere else."""
    found = list(root.iter(_ASSERTION, _ENCRYPTED))
    if len(found) != 1 or found[0].getparent() is not root:
        raise Refused(Code.NOT_ONE_ASSERTION, f"{len(found)} assertions")
    if found[0].tag == _ASSERTION:
        _check_assertion(found[0])
    return found[0]


def _check_assertion(assertion: Element) -> None:
    if assertion.get("Version") != "2.0" or not assertion.get("ID"):
        raise Refused(Code.NOT_ONE_ASSERTION, "an assertion of another version")


def _check_places(root: Element, assertion: Element) -> None:
    for signature in root.iter(_SIGNATURE):
        if signature.getparent() not in (root, assertion):
            raise Refused(Code.SIGNATURE_PLACE, "a signature inside of something else")


def _canonical(assertion: Element) -> bytes:
    alone = deepcopy(assertion)
    signature = signature_of(alone)
    if signature is not None:
        _remove(alone, signature)
    canonical: bytes = etree.tostring(alone, method="c14n", exclusive=True, with_comments=False)
    return canonical


def _remove(parent: Element, child: Element) -> None:
    """Remove an element and keep the text behind it."""
    before, tail = child.getprevious(), child.tail
    if tail:
        if before is not None:
            before.tail = (before.tail or "") + tail
        else:
            parent.text = (parent.text or "") + tail
    parent.remove(child)
