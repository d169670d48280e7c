"""An identity provider that makes responses as Entra does, or as an attacker would.

It uses lxml and signxml alone, nothing of what the service verifies with.
"""

import base64
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import XMLSigner

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
ENTRA_CLAIMS = "http://schemas.microsoft.com/identity/claims"


@dataclass(frozen=True)
class Key:
    """A private key with its certificate."""

    private: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@cache
def key(name: str = "idp", bits: int = 2048, days: int = 1095) -> Key:
    """Make a key, the same one for a name in this process."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .sign(private, hashes.SHA256())
    )
    return Key(private, certificate)


@dataclass(frozen=True)
class Response:
    """What a response says; the defaults are those of a good one from Entra."""

    request_id: str | None
    acs_url: str
    audience: str
    now: datetime
    issuer: str = "https://sts.windows.net/11111111-1111-1111-1111-111111111111/"
    name_id: str | None = "ann@corp.example"
    name_id_format: str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    attributes: dict[str, list[str]] = field(default_factory=dict)
    destination: str | None = ""
    recipient: str | None = ""
    not_before: timedelta = timedelta(minutes=-5)
    lifetime: timedelta = timedelta(minutes=60)
    assertion_id: str = "_a1"
    response_id: str = "_r1"
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    message: str = ""
    audiences: list[str] | None = None
    statements: int = 1
    session_not_on_or_after: timedelta | None = None
    authenticated_ago: timedelta = timedelta(0)
    context_class: str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"

    def with_(self, **changes: Any) -> "Response":
        """Return one that says something else."""
        return replace(self, **changes)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def tree(response: Response) -> etree._Element:
    """Return the unsigned response as a tree."""
    now = response.now
    root = etree.Element(f"{{{SAMLP}}}Response", nsmap={"samlp": SAMLP})
    root.set("ID", response.response_id)
    root.set("Version", "2.0")
    root.set("IssueInstant", _time(now))
    destination = response.acs_url if response.destination == "" else response.destination
    if destination is not None:
        root.set("Destination", destination)
    if response.request_id is not None:
        root.set("InResponseTo", response.request_id)
    etree.SubElement(root, f"{{{SAML}}}Issuer", nsmap={None: SAML}).text = response.issuer
    status = etree.SubElement(root, f"{{{SAMLP}}}Status")
    etree.SubElement(status, f"{{{SAMLP}}}StatusCode").set("Value", response.status)
    if response.message:
        etree.SubElement(status, f"{{{SAMLP}}}StatusMessage").text = response.message
    if response.status.endswith("Success"):
        root.append(_assertion(response))
    return root


def _assertion(response: Response) -> etree._Element:
    now = response.now
    assertion = etree.Element(f"{{{SAML}}}Assertion", nsmap={None: SAML})
    assertion.set("ID", response.assertion_id)
    assertion.set("IssueInstant", _time(now))
    assertion.set("Version", "2.0")
    etree.SubElement(assertion, f"{{{SAML}}}Issuer").text = response.issuer
    assertion.append(_subject(response))
    conditions = etree.SubElement(assertion, f"{{{SAML}}}Conditions")
    conditions.set("NotBefore", _time(now + response.not_before))
    conditions.set("NotOnOrAfter", _time(now + response.lifetime))
    for audience in [response.audience] if response.audiences is None else response.audiences:
        restriction = etree.SubElement(conditions, f"{{{SAML}}}AudienceRestriction")
        etree.SubElement(restriction, f"{{{SAML}}}Audience").text = audience
    if response.attributes:
        statement = etree.SubElement(assertion, f"{{{SAML}}}AttributeStatement")
        for name, values in response.attributes.items():
            attribute = etree.SubElement(statement, f"{{{SAML}}}Attribute", Name=name)
            for value in values:
                etree.SubElement(attribute, f"{{{SAML}}}AttributeValue").text = value
    for _ in range(response.statements):
        authn = etree.SubElement(assertion, f"{{{SAML}}}AuthnStatement")
        authn.set("AuthnInstant", _time(now - response.authenticated_ago))
        authn.set("SessionIndex", response.assertion_id)
        if response.session_not_on_or_after is not None:
            authn.set("SessionNotOnOrAfter", _time(now + response.session_not_on_or_after))
        context = etree.SubElement(authn, f"{{{SAML}}}AuthnContext")
        etree.SubElement(context, f"{{{SAML}}}AuthnContextClassRef").text = response.context_class
    return assertion


def _subject(response: Response) -> etree._Element:
    subject = etree.Element(f"{{{SAML}}}Subject")
    if response.name_id is not None:
        name_id = etree.SubElement(subject, f"{{{SAML}}}NameID")
        name_id.set("Format", response.name_id_format)
        name_id.text = response.name_id
    confirmation = etree.SubElement(subject, f"{{{SAML}}}SubjectConfirmation", Method=BEARER)
    data = etree.SubElement(confirmation, f"{{{SAML}}}SubjectConfirmationData")
    if response.request_id is not None:
        data.set("InResponseTo", response.request_id)
    data.set("NotOnOrAfter", _time(response.now + response.lifetime))
    recipient = response.acs_url if response.recipient == "" else response.recipient
    if recipient is not None:
        data.set("Recipient", recipient)
    return subject


def signed(
    element: etree._Element,
    by: Key,
    *,
    signature: str = "rsa-sha256",
    digest: str = "sha256",
) -> etree._Element:
    """Return an element with a signature behind its Issuer, as SAML wants it."""
    signer = _Signer(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=signature,
        digest_algorithm=digest,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    place = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS}, Id="placeholder")
    element.insert(1, place)
    return signer.sign(
        element, key=by.private, cert=by.pem.decode(), reference_uri=f"#{element.get('ID')}"
    )


class _Signer(XMLSigner):
    """Signs by SHA-1 too, as an attacker or an old identity provider would."""

    def check_deprecated_methods(self) -> None:
        """Take any method."""


def response_bytes(
    response: Response,
    by: Key | None = None,
    *,
    sign: str = "assertion",
    **how: str,
) -> bytes:
    """Return a response as it is posted, before base64; `sign`: assertion, response, both, none."""
    root = tree(response)
    assertion = root.find(f"{{{SAML}}}Assertion")
    by = by or key()
    if sign in ("assertion", "both") and assertion is not None:
        index = root.index(assertion)
        alone = deepcopy(assertion)
        root.remove(assertion)
        root.insert(index, signed(alone, by, **how))
    if sign in ("response", "both"):
        root = signed(root, by, **how)
    document: bytes = etree.tostring(root)
    return document


def posted(document: bytes) -> str:
    """Return the form's SAMLResponse."""
    return base64.b64encode(document).decode()


def metadata(
    entity_id: str, sso_url: str, *keys: Key, bom: bool = True, use: str | None = "signing"
) -> bytes:
    """Return metadata as Entra serves it: with a BOM, and a role that is no identity provider."""
    certificates = "".join(
        f"<KeyDescriptor{f' use={chr(34)}{use}{chr(34)}' if use else ''}>"
        f'<KeyInfo xmlns="{DS}"><X509Data><X509Certificate>'
        f"{base64.b64encode(each.der).decode()}"
        "</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        for each in keys
    )
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"
    return (
        (b"\xef\xbb\xbf" if bom else b"")
        + '<?xml version="1.0" encoding="utf-8"?>'
        f'<EntityDescriptor ID="_m1" entityID="{entity_id}" '
        'xmlns="urn:oasis:names:tc:SAML:2.0:metadata">'
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{certificates}"
        f'<SingleLogoutService Binding="{binding}Redirect" Location="{sso_url}"/>'
        f'<SingleSignOnService Binding="{binding}Redirect" Location="{sso_url}"/>'
        f'<SingleSignOnService Binding="{binding}POST" Location="{sso_url}"/>'
        "</IDPSSODescriptor></EntityDescriptor>".encode()
    )
