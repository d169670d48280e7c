"""Responses as Entra makes them, by lxml and signxml: nothing of what Portico verifies with."""

import base64
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import XMLSigner

from idp_sandbox.encryption import encrypted
from idp_sandbox.keys import Key
from idp_sandbox.model import Application, EntraTenant, Person, Signing
from idp_sandbox.names import (
    AUTHENTICATION_METHODS,
    BEARER,
    CLAIMS,
    DS,
    EMAIL_ADDRESS,
    ENTRA_CLAIMS,
    PASSWORD,
    SAML,
    SAMLP,
    SUCCESS,
)
from idp_sandbox.requests import new_id

BEFORE = timedelta(minutes=5)
AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes into a response: who, to which application, to which request."""

    tenant: EntraTenant
    application: Application
    person: Person
    request_id: str | None
    """None where sign-in began at the identity provider."""
    assertion_id: str = field(default_factory=new_id)
    """Which is the session's index, too."""


def response(answer: Answer) -> str:
    """Return a signed response in base64, as the form carries it."""
    application, now = answer.application, answer.tenant.now()
    key = application.keys[0]
    root = _frame(answer, now)
    assertion = _assertion(answer, now)
    if application.signing in (Signing.ASSERTION, Signing.BOTH):
        assertion = _signed(assertion, key)
    if application.encryption_certificate is not None:
        assertion = encrypted(assertion, application.encryption_certificate)
    root.append(assertion)
    if application.signing in (Signing.RESPONSE, Signing.BOTH):
        root = _signed(root, key)
    return base64.b64encode(etree.tostring(root)).decode()


def claims_of(tenant: EntraTenant, person: Person) -> dict[str, list[str]]:
    """Return the claims of a person, by their default names."""
    provider = "live.com" if person.guest else tenant.issuer
    claims = {
        f"{ENTRA_CLAIMS}/tenantid": tenant.tenant_id,
        f"{ENTRA_CLAIMS}/objectidentifier": person.object_id,
        f"{ENTRA_CLAIMS}/displayname": person.display_name,
        f"{ENTRA_CLAIMS}/identityprovider": provider,
        AUTHENTICATION_METHODS: "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password",
        f"{CLAIMS}/givenname": person.given_name,
        f"{CLAIMS}/surname": person.family_name,
        f"{CLAIMS}/emailaddress": person.email,
        f"{CLAIMS}/name": person.user_name,
    }
    return {name: [value] for name, value in claims.items() if value}


def _frame(answer: Answer, now: datetime) -> etree._Element:
    root = etree.Element(f"{{{SAMLP}}}Response", nsmap={"samlp": SAMLP})
    root.set("ID", new_id())
    root.set("Version", "2.0")
    root.set("IssueInstant", _time(now))
    root.set("Destination", answer.application.acs_url)
    if answer.request_id is not None:
        root.set("InResponseTo", answer.request_id)
    etree.SubElement(root, f"{{{SAML}}}Issuer", nsmap={None: SAML}).text = answer.tenant.issuer
    status = etree.SubElement(root, f"{{{SAMLP}}}Status")
    etree.SubElement(status, f"{{{SAMLP}}}StatusCode").set("Value", SUCCESS)
    return root


def _assertion(answer: Answer, now: datetime) -> etree._Element:
    assertion = etree.Element(f"{{{SAML}}}Assertion", nsmap={None: SAML})
    assertion.set("ID", answer.assertion_id)
    assertion.set("IssueInstant", _time(now))
    assertion.set("Version", "2.0")
    etree.SubElement(assertion, f"{{{SAML}}}Issuer").text = answer.tenant.issuer
    _add_subject(assertion, answer, now)
    conditions = etree.SubElement(assertion, f"{{{SAML}}}Conditions")
    conditions.set("NotBefore", _time(now - BEFORE))
    conditions.set("NotOnOrAfter", _time(now + AFTER))
    restriction = etree.SubElement(conditions, f"{{{SAML}}}AudienceRestriction")
    etree.SubElement(restriction, f"{{{SAML}}}Audience").text = answer.application.entity_id
    statement = etree.SubElement(assertion, f"{{{SAML}}}AttributeStatement")
    for name, values in claims_of(answer.tenant, answer.person).items():
        attribute = etree.SubElement(statement, f"{{{SAML}}}Attribute", Name=name)
        for value in values:
            etree.SubElement(attribute, f"{{{SAML}}}AttributeValue").text = value
    authn = etree.SubElement(assertion, f"{{{SAML}}}AuthnStatement")
    authn.set("AuthnInstant", _time(now))
    authn.set("SessionIndex", str(assertion.get("ID")))
    context = etree.SubElement(authn, f"{{{SAML}}}AuthnContext")
    etree.SubElement(context, f"{{{SAML}}}AuthnContextClassRef").text = PASSWORD
    return assertion


def _add_subject(assertion: etree._Element, answer: Answer, now: datetime) -> None:
    subject = etree.SubElement(assertion, f"{{{SAML}}}Subject")
    name_id = etree.SubElement(subject, f"{{{SAML}}}NameID", Format=EMAIL_ADDRESS)
    name_id.text = answer.person.user_name
    confirmation = etree.SubElement(subject, f"{{{SAML}}}SubjectConfirmation", Method=BEARER)
    data = etree.SubElement(confirmation, f"{{{SAML}}}SubjectConfirmationData")
    if answer.request_id is not None:
        data.set("InResponseTo", answer.request_id)
    data.set("NotOnOrAfter", _time(now + AFTER))
    data.set("Recipient", answer.application.acs_url)


def _signed(element: etree._Element, key: Key) -> etree._Element:
    """Return the element with a signature behind its Issuer, where SAML wants it."""
    element = deepcopy(element)
    place = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS}, Id="placeholder")
    element.insert(1, place)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm="rsa-sha256",
        digest_algorithm="sha256",
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    reference = f"#{element.get('ID')}"
    return signer.sign(element, key=key.private, cert=key.pem, reference_uri=reference)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
