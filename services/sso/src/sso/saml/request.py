"""AuthnRequests by HTTP-Redirect and HTTP-POST (SAML bindings §3.4, §3.5)."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import xmlsec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree
from saml2 import BINDING_HTTP_POST, saml, samlp

from sso.domain.connection import IdentityProvider
from sso.saml.redirect import redirect_to

MAX_HINT = 254
_ISSUER = "{urn:oasis:names:tc:SAML:2.0:assertion}Issuer"


@dataclass(frozen=True, slots=True)
class AuthnRequests:
    """Makes what takes a browser to an identity provider."""

    key: Callable[[], RSAPrivateKey] | None = None
    """Returns what signs requests; None where none is ever signed."""

    def __call__(
        self,
        provider: IdentityProvider,
        *,
        request_id: str,
        entity_id: str,
        acs_url: str,
        relay_state: str,
        now: datetime,
        login_hint: str | None = None,
        force: bool = False,
        sign: bool = False,
    ) -> tuple[str, Mapping[str, str]]:
        """Return where the browser goes, and the fields that it posts there; none: it just goes.

        `request_id` must not begin with a digit; `relay_state` is at most 80 bytes (§3.4.3).
        """
        request = samlp.AuthnRequest(
            id=request_id,
            version="2.0",
            issue_instant=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            destination=provider.sso_url,
            protocol_binding=BINDING_HTTP_POST,
            assertion_consumer_service_url=acs_url,
            issuer=saml.Issuer(text=entity_id),
            force_authn="true" if force else None,
        )
        key = self._key() if sign else None
        hint = {"login_hint": login_hint[:MAX_HINT]} if login_hint else {}
        if not provider.takes_post:
            url = redirect_to(
                provider.sso_url, "SAMLRequest", str(request), relay_state, key, **hint
            )
            return url, {}
        document = str(request).encode()
        if key is not None:
            document = _signed(document, key)
        text = base64.b64encode(document).decode()
        return provider.sso_url, {"SAMLRequest": text, "RelayState": relay_state, **hint}

    def _key(self) -> RSAPrivateKey:
        if self.key is None:
            raise TypeError("whoever signs requests is given the key")
        return self.key()


def _signed(document: bytes, key: RSAPrivateKey) -> bytes:
    """Return a request of ours with an enveloped signature (SAML core §5.4)."""
    root = etree.fromstring(document)
    transforms = xmlsec.constants
    signature = xmlsec.template.create(
        root, transforms.TransformExclC14N, transforms.TransformRsaSha256
    )
    # The schema wants it right behind the issuer.
    root.find(_ISSUER).addnext(signature)
    reference = xmlsec.template.add_reference(
        signature, transforms.TransformSha256, uri=f"#{root.get('ID')}"
    )
    xmlsec.template.add_transform(reference, transforms.TransformEnveloped)
    xmlsec.template.add_transform(reference, transforms.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.register_id(root, "ID")
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)
    signed: bytes = etree.tostring(root)
    return signed
