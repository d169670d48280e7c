"""Who an assertion speaks of: by binding, by object id, by address; inside one tenant alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.names import comparison_key
from sso.domain.address import Address, parse_address
from sso.domain.assertion import Assertion
from sso.domain.refusals import Code, Refused

ENTRA_TENANT = "http://schemas.microsoft.com/identity/claims/tenantid"
ENTRA_OBJECT = "http://schemas.microsoft.com/identity/claims/objectidentifier"
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
NAME = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
MAX_STABLE = 2_000
"""Bytes; it has to fit into an index."""
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who an assertion speaks of, as far as it can be told from it alone."""

    stable: str | None
    """What a user is bound to: of Entra tenant and object id, else a persistent NameID."""
    object_id: str | None
    """What SCIM may have brought as `externalId`."""
    addresses: Sequence[Address]
    """Those in domains of the connection's tenant, each once."""


def subject_of(
    assertion: Assertion,
    domains: frozenset[str],
    *,
    email_claim: str | None = None,
    subject_claim: str | None = None,
) -> Subject:
    """Return who an assertion speaks of; the claims are those that an admin has named, if any.

    Raises:
        Refused: It names nobody, or several addresses that could be meant.
    """
    object_id = _single(assertion, ENTRA_OBJECT)
    stable = _stable(assertion, object_id, subject_claim)
    claims = (email_claim,) if email_claim is not None else (EMAIL, NAME, None)
    if stable is not None and len(stable.encode()) > MAX_STABLE:
        raise Refused(Code.TOO_LARGE, f"a subject of more than {MAX_STABLE} bytes")
    addresses = _addresses(assertion, domains, claims)
    if stable is None and object_id is None and not addresses:
        raise _nobody(assertion, claims)
    return Subject(stable, object_id, addresses)


def _stable(assertion: Assertion, object_id: str | None, subject_claim: str | None) -> str | None:
    if subject_claim is not None:
        value = _single(assertion, subject_claim)
        return f"claim:{assertion.issuer}/{subject_claim}/{value}" if value else None
    tenant = _single(assertion, ENTRA_TENANT)
    if tenant is not None and object_id is not None:
        return f"entra:{tenant.lower()}/{object_id.lower()}"
    if assertion.name_id is not None and assertion.name_id_format == _PERSISTENT:
        return f"saml:{assertion.issuer}/{assertion.name_id}"
    return None


def _addresses(
    assertion: Assertion, domains: frozenset[str], claims: Sequence[str | None]
) -> list[Address]:
    """Return the addresses of the first claim that has one in a domain of the tenant's own.

    The e-mail claim goes before the user name; an IdP speaks for the tenant's domains alone.
    """
    for claim in claims:
        found: dict[str, Address] = {}
        for text in _texts(assertion, claim):
            address = parse_address(text)
            if address is not None and address.domain in domains:
                found[comparison_key(address.text)] = address
        if len(found) > 1:
            raise Refused(Code.AMBIGUOUS_ADDRESS, f"{len(found)} addresses in {claim or 'NameID'}")
        if found:
            return list(found.values())
    return []


def _texts(assertion: Assertion, claim: str | None) -> Sequence[str]:
    if claim is not None:
        return assertion.attributes.get(claim, ())
    usable = assertion.name_id is not None and assertion.name_id_format != _TRANSIENT
    return [assertion.name_id] if usable and assertion.name_id else []


def _single(assertion: Assertion, claim: str) -> str | None:
    values = set(assertion.attributes.get(claim, ()))
    return values.pop() if len(values) == 1 else None


def _nobody(assertion: Assertion, asked: Sequence[str | None]) -> Refused:
    claims = ", ".join(sorted(name.rpartition("/")[2] for name in assertion.attributes)) or "none"
    named = [text for claim in asked for text in _texts(assertion, claim)]
    if any(parse_address(text) for text in named):
        return Refused(Code.FOREIGN_ADDRESS, f"claims: {claims}")
    return Refused(Code.NO_SUBJECT, f"claims: {claims}")
