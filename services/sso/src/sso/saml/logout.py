"""LogoutRequest and LogoutResponse (SAML core §3.7), read and written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree
from saml2 import saml, samlp

from sso.domain.connection import IdentityProvider
from sso.domain.refusals import Code, Refused
from sso.domain.single_logout import (
    LogoutMessage,
    ProviderAnswer,
    ProviderRequest,
    SessionSubject,
)
from sso.saml.gate.document import Element, parse_document
from sso.saml.redirect import redirect_to, verified_message

_SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_NAMES: Mapping[str, str] = {"samlp": _SAMLP, "saml": _SAML}
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_USER = "urn:oasis:names:tc:SAML:2.0:logout:user"
MAX_TEXT = 1_000
MAX_INDEXES = 100


@dataclass(frozen=True, slots=True)
class LogoutMessages:
    """Reads and writes the messages of single logout by HTTP-Redirect."""

    key: Callable[[], RSAPrivateKey]
    """Returns what signs."""

    def read(
        self, query: bytes, provider: IdentityProvider
    ) -> tuple[ProviderRequest | ProviderAnswer, str | None]:
        """Return what a query says that the provider has signed, and its RelayState.

        Raises:
            Refused: With the code of the first thing that is wrong.
        """
        message = verified_message(query, provider.certificates)
        read = read_request if message.is_request else read_answer
        return read(message.document), message.relay_state

    def request(
        self,
        provider: IdentityProvider,
        subject: SessionSubject,
        *,
        request_id: str,
        entity_id: str,
        now: datetime,
        until: datetime,
    ) -> str | None:
        """Return where a browser goes to be signed out; None if the provider has no such place.

        The NameID is the one that came: Entra refuses any other.
        """
        if provider.slo_url is None:
            return None
        index = subject.session_index
        request = samlp.LogoutRequest(
            id=request_id,
            version="2.0",
            issue_instant=_text_of(now),
            destination=provider.slo_url,
            not_on_or_after=_text_of(until),
            reason=_USER,
            issuer=saml.Issuer(text=entity_id),
            name_id=saml.NameID(format=subject.name_id_format, text=subject.name_id),
            session_index=[samlp.SessionIndex(text=index)] if index else [],
        )
        return redirect_to(provider.slo_url, "SAMLRequest", str(request), None, self.key())

    def answer(
        self,
        provider: IdentityProvider,
        *,
        response_id: str,
        entity_id: str,
        in_response_to: str,
        relay_state: str | None,
        now: datetime,
    ) -> str | None:
        """Return where a browser goes to say that it is done; None if there is no such place."""
        address = provider.slo_response_url or provider.slo_url
        if address is None:
            return None
        response = samlp.LogoutResponse(
            id=response_id,
            version="2.0",
            issue_instant=_text_of(now),
            destination=address,
            in_response_to=in_response_to,
            issuer=saml.Issuer(text=entity_id),
            status=samlp.Status(status_code=samlp.StatusCode(value=_SUCCESS)),
        )
        return redirect_to(address, "SAMLResponse", str(response), relay_state, self.key())


def read_request(document: bytes) -> ProviderRequest:
    """Return what a verified LogoutRequest says."""
    root = _root(document, "LogoutRequest")
    name_id = root.findtext("saml:NameID", namespaces=_NAMES)
    # As the assertion's is read: what is laid out in lines is the same name.
    name_id = name_id.strip() if name_id is not None else None
    if name_id is None or not 0 < len(name_id) <= MAX_TEXT:
        raise Refused(Code.NO_SUBJECT, "a LogoutRequest without a NameID that can be read")
    indexes = [
        (each.text or "").strip() for each in root.findall("samlp:SessionIndex", namespaces=_NAMES)
    ]
    if len(indexes) > MAX_INDEXES:
        raise Refused(Code.TOO_LARGE, "too many sessions")
    ends = root.get("NotOnOrAfter")
    return ProviderRequest(
        _message(root),
        _moment(ends) if ends is not None else None,
        name_id,
        tuple(each for each in indexes if each),
    )


def read_answer(document: bytes) -> ProviderAnswer:
    """Return what a verified LogoutResponse says."""
    root = _root(document, "LogoutResponse")
    status = root.find("samlp:Status/samlp:StatusCode", namespaces=_NAMES)
    succeeded = status is not None and status.get("Value") == _SUCCESS
    return ProviderAnswer(_message(root), root.get("InResponseTo") or "", succeeded)


def _root(document: bytes, name: str) -> Element:
    root = parse_document(document)
    if root.tag != f"{{{_SAMLP}}}{name}" or root.get("Version") != "2.0":
        raise Refused(Code.NOT_A_RESPONSE, etree.QName(root).localname[:100])
    return root


def _message(root: Element) -> LogoutMessage:
    identifier = root.get("ID") or ""
    if not 0 < len(identifier.encode()) <= MAX_TEXT:
        raise Refused(Code.NOT_A_RESPONSE, "it has no ID")
    return LogoutMessage(
        identifier,
        root.findtext("saml:Issuer", namespaces=_NAMES),
        root.get("Destination"),
        _moment(root.get("IssueInstant") or ""),
    )


def _moment(text: Any) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(Code.NOT_A_RESPONSE, "a time that is none") from None


def _text_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
