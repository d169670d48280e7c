"""Messages of single logout as an identity provider sends them by HTTP-Redirect.

Written apart from the service: nothing of its code signs or encodes here.
"""

import base64
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote_plus, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree

from support.identity_provider import Key

SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


@dataclass(frozen=True)
class Query:
    """How a message becomes a query."""

    key: Key | None
    """None: not signed."""
    name: str = "SAMLRequest"
    relay_state: str | None = None
    lower: bool = False
    """Escape in lower case, as Entra does."""
    algorithm: str = RSA_SHA256

    def of(self, document: str | bytes) -> str:
        """Return the query, signed over its very octets."""
        raw = document.encode() if isinstance(document, str) else document
        return self.of_text(deflated(raw))

    def of_text(self, text: str) -> str:
        """Return the query of a message that is encoded already."""
        query = f"{self.name}={self._quote(text)}"
        if self.relay_state is not None:
            query += f"&RelayState={self._quote(self.relay_state)}"
        if self.key is None:
            return query
        query += f"&SigAlg={self._quote(self.algorithm)}"
        digest = hashes.SHA1() if self.algorithm == RSA_SHA1 else hashes.SHA256()
        signature = self.key.private.sign(query.encode(), PKCS1v15(), digest)
        return f"{query}&Signature={self._quote(base64.b64encode(signature).decode())}"

    def _quote(self, text: str) -> str:
        quoted = quote_plus(text)
        return re.sub("%..", lambda found: found[0].lower(), quoted) if self.lower else quoted


def deflated(document: bytes) -> str:
    """Return a document in the DEFLATE encoding (SAML bindings §3.4.4.1)."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(compressor.compress(document) + compressor.flush()).decode()


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def logout_request(
    *,
    identifier: str,
    issuer: str,
    name_id: str,
    now: datetime,
    indexes: tuple[str, ...] = (),
    destination: str | None = None,
    not_on_or_after: datetime | None = None,
) -> str:
    """Return a LogoutRequest as Entra writes it."""
    where = f' Destination="{destination}"' if destination is not None else ""
    until = f' NotOnOrAfter="{instant(not_on_or_after)}"' if not_on_or_after is not None else ""
    sessions = "".join(f"<samlp:SessionIndex>{each}</samlp:SessionIndex>" for each in indexes)
    return (
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" ID="{identifier}" Version="2.0"'
        f' IssueInstant="{instant(now)}"{where}{until}>'
        f'<Issuer xmlns="{SAML}">{issuer}</Issuer>'
        f'<NameID xmlns="{SAML}">{name_id}</NameID>{sessions}</samlp:LogoutRequest>'
    )


def logout_response(
    *, identifier: str, issuer: str, in_response_to: str, now: datetime, status: str = SUCCESS
) -> str:
    """Return a LogoutResponse as Entra writes it."""
    return (
        f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" ID="{identifier}" Version="2.0"'
        f' IssueInstant="{instant(now)}" InResponseTo="{in_response_to}">'
        f'<Issuer xmlns="{SAML}">{issuer}</Issuer><samlp:Status>'
        f'<samlp:StatusCode Value="{status}"/></samlp:Status></samlp:LogoutResponse>'
    )


def opened(url: str, name: str, certificate: bytes) -> etree._Element:
    """Return the message of an address, whose signature by a certificate (DER) is verified."""
    query = urlsplit(url).query
    fields = dict(parse_qsl(query, strict_parsing=True))
    signed = query.partition("&Signature=")[0]
    assert fields["SigAlg"] == RSA_SHA256
    key = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, RSAPublicKey)
    signature = base64.b64decode(fields["Signature"])
    key.verify(signature, signed.encode(), PKCS1v15(), hashes.SHA256())
    return etree.fromstring(zlib.decompress(base64.b64decode(fields[name]), -15))
