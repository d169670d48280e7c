"""AuthnRequests by HTTP-Redirect (SAML bindings §3.4)."""

import base64
import zlib
from datetime import datetime
from urllib.parse import urlencode

from saml2 import BINDING_HTTP_POST, saml, samlp

MAX_HINT = 254


def authn_request_url(
    sso_url: str,
    *,
    request_id: str,
    entity_id: str,
    acs_url: str,
    relay_state: str,
    now: datetime,
    login_hint: str | None = None,
    force: bool = False,
) -> str:
    """Return the address that takes a browser to the identity provider.

    `request_id` must not begin with a digit; `relay_state` is at most 80 bytes (§3.4.3).
    """
    request = samlp.AuthnRequest(
        id=request_id,
        version="2.0",
        issue_instant=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        destination=sso_url,
        protocol_binding=BINDING_HTTP_POST,
        assertion_consumer_service_url=acs_url,
        issuer=saml.Issuer(text=entity_id),
        force_authn="true" if force else None,
    )
    compressor = zlib.compressobj(level=9, wbits=-15)
    deflated = compressor.compress(str(request).encode()) + compressor.flush()
    query = {"SAMLRequest": base64.b64encode(deflated).decode(), "RelayState": relay_state}
    if login_hint:
        query["login_hint"] = login_hint[:MAX_HINT]
    return f"{sso_url}{'&' if '?' in sso_url else '?'}{urlencode(query)}"
