"""Single logout by HTTP-Redirect, as Entra speaks it: signed, escaped in lower case.

Entra speaks here by another name than it signs in by, and names no Destination.
"""

import base64
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote_plus
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from idp_sandbox.model import Application, EntraTenant
from idp_sandbox.names import SAML, SAMLP, SUCCESS
from idp_sandbox.requests import EntraError, new_id, read_message

_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


@dataclass(frozen=True, slots=True)
class Visit:
    """What an application was told of who signed in."""

    app_id: str
    name_id: str
    session_index: str


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What an application asks for."""

    id: str
    application: Application


def read_logout_request(tenant: EntraTenant, fields: Mapping[str, str]) -> LogoutRequest | None:
    """Read an application's request to sign out; None for what is no such request."""
    if "SAMLRequest" not in fields:
        return None
    root = read_message(fields["SAMLRequest"])
    if root.tag != f"{{{SAMLP}}}LogoutRequest":
        return None
    entity_id = (root.findtext(f"{{{SAML}}}Issuer") or "").strip()
    application = tenant.by_entity_id(entity_id)
    if application is None:
        raise EntraError(700016, f"Application with identifier '{entity_id}' was not found.")
    if root.find(f"{{{SAML}}}NameID") is None:
        raise EntraError(7500530, "The logout request must have a NameID.")
    return LogoutRequest(root.get("ID", ""), application)


def answer_url(tenant: EntraTenant, request: LogoutRequest, relay_state: str | None) -> str | None:
    """Return where the browser goes back to; None for an application without a Logout URL."""
    application = request.application
    if application.logout_url is None:
        return None
    document = (
        f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" ID="{new_id()}" Version="2.0"'
        f' IssueInstant="{_time(tenant.now())}"'
        f" Destination={quoteattr(application.logout_url)} InResponseTo={quoteattr(request.id)}>"
        f'<Issuer xmlns="{SAML}">{escape(tenant.logout_issuer)}</Issuer><samlp:Status>'
        f'<samlp:StatusCode Value="{SUCCESS}"/></samlp:Status></samlp:LogoutResponse>'
    )
    return _signed(application, application.logout_url, "SAMLResponse", document, relay_state)


def request_url(tenant: EntraTenant, visit: Visit) -> str | None:
    """Return where a frame goes to sign somebody out of an application; None if nowhere."""
    application = tenant.applications.get(visit.app_id)
    if application is None or application.logout_url is None:
        return None
    document = (
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" ID="{new_id()}" Version="2.0"'
        f' IssueInstant="{_time(tenant.now())}">'
        f'<Issuer xmlns="{SAML}">{escape(tenant.logout_issuer)}</Issuer>'
        f'<NameID xmlns="{SAML}">{escape(visit.name_id)}</NameID>'
        f"<samlp:SessionIndex>{escape(visit.session_index)}</samlp:SessionIndex>"
        "</samlp:LogoutRequest>"
    )
    return _signed(application, application.logout_url, "SAMLRequest", document, None)


def _signed(
    application: Application, address: str, name: str, document: str, relay_state: str | None
) -> str:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = compressor.compress(document.encode()) + compressor.flush()
    query = f"{name}={_quoted(base64.b64encode(deflated).decode())}"
    if relay_state is not None:
        query += f"&RelayState={_quoted(relay_state)}"
    query += f"&SigAlg={_quoted(_RSA_SHA256)}"
    signature = application.keys[0].private.sign(query.encode(), PKCS1v15(), hashes.SHA256())
    return f"{address}?{query}&Signature={_quoted(base64.b64encode(signature).decode())}"


def _quoted(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), quote_plus(text))


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
