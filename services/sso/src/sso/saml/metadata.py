"""Metadata: the identity provider's, read; ours, written.

What is read comes from whoever an admin trusts or has been fooled by: it passes the same checks as
a response does before pysaml2 sees it.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, md, xmldsig

from kernel.errors import InvalidError
from sso.domain.connection import IdentityProvider
from sso.domain.refusals import Code, Refused
from sso.saml.gate.document import MAX_BYTES, parse_document
from sso.saml.gate.encryption import XENC, XENC11

_ENTITY = "{urn:oasis:names:tc:SAML:2.0:metadata}EntityDescriptor"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MIN_KEY_BITS = 2_048
ENCRYPTION_METHODS = (f"{XENC11}aes256-gcm", f"{XENC}aes256-cbc", f"{XENC}rsa-oaep-mgf1p")
"""What is asked for; more is read."""


def read_metadata(raw: bytes, now: datetime) -> IdentityProvider:
    """Return what an identity provider's metadata says as of now.

    Raises:
        InvalidError: It is none, or lacks what a sign-in needs; the sentence says what came.
    """
    try:
        root = parse_document(raw)
    except Refused as refusal:
        raise _invalid(_what_came(raw, refusal)) from None
    if root.tag != _ENTITY:
        raise _invalid(
            f"The XML begins with <{root.tag.rpartition('}')[2]}>, not EntityDescriptor."
        )
    try:
        entity = md.entity_descriptor_from_string(raw.strip().removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, TypeError, AttributeError):
        entity = None
    if entity is None or not entity.idpsso_descriptor:
        raise _invalid("It describes no identity provider (IDPSSODescriptor).")
    valid_until = _valid_until(entity, entity.idpsso_descriptor[0])
    if valid_until is not None and valid_until <= now:
        raise _invalid(f"It was valid until {valid_until:%Y-%m-%d %H:%M} UTC. Get a newer one.")
    return replace(_provider(entity, entity.idpsso_descriptor[0]), valid_until=valid_until)


def _valid_until(*parts: Any) -> datetime | None:
    """Return the earliest end that the document gives itself."""
    found = []
    for text in (part.valid_until for part in parts):
        if not text:
            continue
        try:
            found.append(datetime.fromisoformat(text))
        except ValueError:
            raise _invalid("Its validUntil is no time.") from None
    return min((each if each.tzinfo else each.replace(tzinfo=UTC) for each in found), default=None)


def _provider(entity: Any, descriptor: Any) -> IdentityProvider:
    entity_id = (entity.entity_id or "").strip()
    if not entity_id or "{" in entity_id:
        raise _invalid(
            "Its entityID is not that of one tenant: use the address with your tenant id."
        )
    sso_url, takes_post = _single_sign_on(descriptor)
    certificates = tuple(dict.fromkeys(_certificates(descriptor)))
    if not certificates:
        raise _invalid(
            f"It has no signing certificate with an RSA key of {MIN_KEY_BITS} bits or more."
        )
    slo_url, slo_response_url = _single_logout(descriptor)
    return IdentityProvider(
        entity_id,
        sso_url,
        certificates,
        takes_post=takes_post,
        slo_url=slo_url,
        slo_response_url=slo_response_url,
    )


def _single_sign_on(descriptor: Any) -> tuple[str, bool]:
    """Return where requests go, and whether they are posted: only where nothing else is offered."""
    for binding in (BINDING_HTTP_REDIRECT, BINDING_HTTP_POST):
        for service in descriptor.single_sign_on_service:
            if service.binding == binding and _may_lead_to(service.location or ""):
                return service.location, binding == BINDING_HTTP_POST
    raise _invalid(
        "It has no SingleSignOnService by HTTP-Redirect or HTTP-POST at an https address."
    )


def _single_logout(descriptor: Any) -> tuple[str | None, str | None]:
    """Return where requests and answers of single logout go, if that is anywhere."""
    for service in descriptor.single_logout_service:
        if service.binding != BINDING_HTTP_REDIRECT or not _may_lead_to(service.location or ""):
            continue
        elsewhere = service.response_location or ""
        return service.location, elsewhere if _may_lead_to(elsewhere) else None
    return None, None


def _may_lead_to(address: str) -> bool:
    """Tell whether people may be sent there: by https, or to their own machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or local)


def _certificates(descriptor: Any) -> list[bytes]:
    """Return the certificates that may sign: a key that says nothing of its use is one of them."""
    found = []
    for key in descriptor.key_descriptor:
        if key.use not in (None, "", "signing") or key.key_info is None:
            continue
        for data in key.key_info.x509_data:
            for certificate in [data.x509_certificate] if data.x509_certificate else []:
                der = _usable(certificate.text or "")
                if der is not None:
                    found.append(der)
    return found


def _usable(text: str) -> bytes | None:
    """Return a certificate as DER if it has a key that we verify by."""
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        key = x509.load_der_x509_certificate(der).public_key()
    except ValueError:
        return None
    return der if isinstance(key, RSAPublicKey) and key.key_size >= MIN_KEY_BITS else None


def _what_came(raw: bytes, refusal: Refused) -> str:
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if not start:
        return "Nothing came: the document is empty."
    if start.startswith((b"https://", b"http://")):
        return "An address came with something behind it; give the address alone."
    if start.startswith((b"{", b"[")):
        return "JSON came; SAML metadata is XML."
    if b"<html" in start or b"<!doctype html" in start:
        return "A web page came, a sign-in page perhaps; SAML metadata is XML."
    if refusal.code is Code.TOO_LARGE:
        return f"It has more than {MAX_BYTES} bytes, or too many elements."
    return "It is no well-formed XML in UTF-8 without a DOCTYPE."


def _invalid(sentence: str) -> InvalidError:
    return InvalidError("metadata-invalid", sentence)


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """What we are towards one identity provider."""

    entity_id: str
    acs_url: str
    slo_url: str
    certificates: Sequence[bytes]
    """DER, the current one first; who is asked encrypts to the first one."""
    signs_requests: bool = False


def service_provider_metadata(provider: ServiceProvider) -> bytes:
    """Return our own metadata for one connection."""
    acs = md.AssertionConsumerService(
        binding=BINDING_HTTP_POST, location=provider.acs_url, index="0", is_default="true"
    )
    descriptor = md.SPSSODescriptor(
        protocol_support_enumeration=_PROTOCOL,
        authn_requests_signed="true" if provider.signs_requests else "false",
        want_assertions_signed="true",
        key_descriptor=[
            *(_key_descriptor(each, "signing") for each in provider.certificates),
            *(_key_descriptor(each, "encryption") for each in provider.certificates),
        ],
        single_logout_service=[
            md.SingleLogoutService(binding=BINDING_HTTP_REDIRECT, location=provider.slo_url)
        ],
        name_id_format=[md.NameIDFormat(text=_EMAIL)],
        assertion_consumer_service=[acs],
    )
    entity = md.EntityDescriptor(entity_id=provider.entity_id, spsso_descriptor=descriptor)
    return str(entity).encode()


def _key_descriptor(certificate: bytes, use: str) -> Any:
    text = base64.b64encode(certificate).decode()
    data = xmldsig.X509Data(x509_certificate=xmldsig.X509Certificate(text=text))
    methods = ENCRYPTION_METHODS if use == "encryption" else ()
    return md.KeyDescriptor(
        use=use,
        key_info=xmldsig.KeyInfo(x509_data=[data]),
        encryption_method=[md.EncryptionMethod(algorithm=each) for each in methods],
    )
