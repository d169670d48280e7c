"""Reading AuthnRequests as Entra does, with its errors (AADSTS…)."""

import base64
import binascii
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from idp_sandbox.model import Application, EntraTenant
from idp_sandbox.names import SAML, SAMLP

MAX_REQUEST = 65_536


class EntraError(Exception):
    """An error that Entra shows on its own page."""

    def __init__(self, number: int, sentence: str) -> None:
        super().__init__(f"AADSTS{number}: {sentence}")
        self.number = number


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """What an application asks for."""

    id: str
    application: Application
    acs_url: str
    relay_state: str | None
    login_hint: str | None
    force: bool


def read_authn_request(
    tenant: EntraTenant, fields: Mapping[str, str], *, post: bool
) -> AuthnRequest:
    """Read a request that came by HTTP-Redirect or HTTP-POST; raise what Entra would show."""
    if "SAMLRequest" not in fields:
        raise EntraError(
            750054,
            "SAMLRequest or SAMLResponse must be present as query string"
            " parameters in HTTP request for SAML Redirect binding.",
        )
    root = read_message(fields["SAMLRequest"], deflated=not post)
    if root.tag != f"{{{SAMLP}}}AuthnRequest":
        raise EntraError(75005, "The request is not a valid Saml2 protocol message.")
    entity_id = (root.findtext(f"{{{SAML}}}Issuer") or "").strip()
    application = tenant.by_entity_id(entity_id)
    if application is None:
        raise EntraError(
            700016,
            f"Application with identifier '{entity_id}' was not found in the"
            " directory. Check Identifier (Entity ID) of the application.",
        )
    request_id = root.get("ID", "")
    if not request_id or request_id[0].isdigit():
        raise EntraError(7500529, f"The value '{request_id}' is not a valid SAML ID.")
    acs_url = root.get("AssertionConsumerServiceURL") or application.acs_url
    if acs_url != application.acs_url:
        raise EntraError(
            50011,
            f"The reply URL '{acs_url}' specified in the request does not match"
            f" the reply URLs configured for the application '{application.app_id}'.",
        )
    return AuthnRequest(
        request_id,
        application,
        acs_url,
        fields.get("RelayState"),
        fields.get("login_hint") or None,
        root.get("ForceAuthn") in ("true", "1"),
    )


def read_message(text: str, *, deflated: bool = True) -> etree._Element:
    """Return a message as it came by HTTP-Redirect, or by HTTP-POST, which does not deflate."""
    return _parsed(_decoded(text, deflated=deflated))


def new_id() -> str:
    """Return an id for a message."""
    return f"_{secrets.token_hex(16)}"


def _decoded(text: str, *, deflated: bool) -> bytes:
    try:
        document = base64.b64decode(text, validate=True)
        if deflated:
            document = zlib.decompressobj(-15).decompress(document, MAX_REQUEST)
    except (binascii.Error, ValueError, zlib.error):
        raise EntraError(75005, "The request is not a valid Saml2 protocol message.") from None
    return document


def _parsed(document: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        raise EntraError(75005, "The request is not a valid Saml2 protocol message.") from None
