"""Texts changed after they were signed, and meanings that were signed for somebody else."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from lxml import etree

from sso.domain.refusals import Code
from support.gate_documents import ACS, AUDIENCE, EMAIL, GOOD, NOW
from support.identity_provider import (
    SAML,
    SAMLP,
    response_bytes,
)
from support.saml_corpus.making import (
    EVIL,
    Change,
    Hostile,
    altered,
    assertion_of,
    gone,
    in_confirmation,
    in_saml,
    signed_after,
    with_attribute,
    without_attribute,
)


def changed_texts() -> Iterator[Hostile]:
    wrong = Code.SIGNATURE_WRONG
    paths = ("AttributeValue", "NameID", "Audience", "AuthnContextClassRef")
    attributes = (
        ("Conditions", "NotBefore"),
        ("Conditions", "NotOnOrAfter"),
        ("SubjectConfirmationData", "Recipient"),
        ("SubjectConfirmationData", "InResponseTo"),
        ("SubjectConfirmationData", "NotOnOrAfter"),
        ("SubjectConfirmation", "Method"),
        ("Attribute", "Name"),
        ("AuthnStatement", "SessionIndex"),
        ("NameID", "Format"),
    )
    for path in paths:
        yield Hostile(f"changed {path}", altered(in_saml(path, _say(EVIL))), wrong)
        yield Hostile(f"a blank in {path}", altered(in_saml(path, _blank)), wrong)
    for path, name in attributes:
        change = in_saml(path, with_attribute(name, "x"))
        yield Hostile(f"changed {path}/@{name}", altered(change), wrong)
    for path in ("Conditions", "AudienceRestriction", "SubjectConfirmation", "AuthnStatement"):
        yield Hostile(f"no {path}", altered(in_saml(path, gone)), wrong)
    yield Hostile("one more value", altered(in_saml("AttributeStatement", _one_more)), wrong)
    yield Hostile("a namespace more", altered(in_saml("Subject", _rename)), wrong)


def _say(text: str) -> Change:
    def change(found: Any) -> None:
        found.text = text

    return change


def _blank(found: Any) -> None:
    found.text = f"{found.text} "


def _one_more(found: Any) -> None:
    attribute = etree.SubElement(found, f"{{{SAML}}}Attribute", Name=EMAIL)
    etree.SubElement(attribute, f"{{{SAML}}}AttributeValue").text = EVIL


def _rename(found: Any) -> None:
    found.tag = "{urn:oasis:names:tc:SAML:1.0:assertion}Subject"


def other_meaning() -> Iterator[Hostile]:
    minute, prefix = timedelta(minutes=1), "urn:oasis:names:tc:SAML:2.0:status:"
    said: list[tuple[str, dict[str, Any], Code]] = [
        ("another app's audience", {"audience": f"{AUDIENCE}/x"}, Code.AUDIENCE),
        ("another connection's audience", {"audience": AUDIENCE.replace("1", "2")}, Code.AUDIENCE),
        ("an audience in capitals", {"audience": AUDIENCE.upper()}, Code.AUDIENCE),
        ("no audience", {"audiences": []}, Code.AUDIENCE),
        ("an empty audience", {"audiences": [""]}, Code.AUDIENCE),
        ("two restrictions, of which one is ours", {"audiences": [AUDIENCE, "x"]}, Code.AUDIENCE),
        ("another connection's recipient", {"recipient": ACS.replace("1", "2")}, Code.RECIPIENT),
        ("a recipient with a slash more", {"recipient": f"{ACS}/"}, Code.RECIPIENT),
        ("no recipient", {"recipient": None}, Code.RECIPIENT),
        ("another destination", {"destination": "https://evil.example/acs"}, Code.DESTINATION),
        ("an answer to another request", {"request_id": "id-2"}, Code.NOT_ASKED_FOR),
        ("an answer that nobody asked for", {"request_id": None}, Code.NOT_ASKED_FOR),
        ("another issuer", {"issuer": "https://sts.windows.net/other/"}, Code.ISSUER),
        ("an issuer without its slash", {"issuer": GOOD.issuer.rstrip("/")}, Code.ISSUER),
        ("over", {"lifetime": -2 * minute}, Code.EXPIRED),
        ("good for two days", {"lifetime": timedelta(days=2)}, Code.EXPIRED),
        ("good later", {"not_before": 2 * minute}, Code.NOT_YET_VALID),
        ("made tomorrow", {"now": NOW + timedelta(days=1)}, Code.EXPIRED),
        ("made yesterday", {"now": NOW - timedelta(days=1)}, Code.EXPIRED),
        ("no statement", {"statements": 0}, Code.NO_STATEMENT),
        ("a session that is over", {"session_not_on_or_after": -5 * minute}, Code.EXPIRED),
        *(
            (f"status {name}", {"status": f"{prefix}{name}"}, Code.IDP_REFUSED)
            for name in ("Requester", "Responder", "VersionMismatch", "AuthnFailed", "success")
        ),
    ]
    for name, changes, code in said:
        yield Hostile(f"meaning: {name}", partial(response_bytes, GOOD.with_(**changes)), code)
    for name, change, code in (
        ("no NotOnOrAfter", in_saml("Conditions", without_attribute("NotOnOrAfter")), Code.EXPIRED),
        ("no Conditions", in_saml("Conditions", gone), Code.EXPIRED),
        ("a time that is none", in_saml("Conditions", with_attribute("NotOnOrAfter", "soon")), _N),
        (
            "a confirmation without an end",
            in_confirmation("NotOnOrAfter", None),
            Code.NO_CONFIRMATION,
        ),
        (
            "a confirmation that is over",
            in_confirmation("NotOnOrAfter", "2026-01-01T00:00:00Z"),
            _E,
        ),
        ("holder of key", in_saml("SubjectConfirmation", with_attribute("Method", "urn:x")), _C),
        ("no Subject", in_saml("Subject", gone), Code.NO_CONFIRMATION),
        ("no confirmation", in_saml("SubjectConfirmation", gone), Code.NO_CONFIRMATION),
        ("another version", lambda root: assertion_of(root).set("Version", "1.1"), _N),
        ("no ID", lambda root: assertion_of(root).attrib.pop("ID"), _N),
        ("an assertion without issuer", _saml_issuer, _N),
        ("no status", lambda root: root.remove(root.find(f"{{{SAMLP}}}Status")), _R),
        ("an error with an assertion [OneUptime]", _error_with_assertion, Code.IDP_REFUSED),
    ):
        yield Hostile(f"meaning: {name}", signed_after(change), code)
    # The frame of a signed assertion is anybody's to write.
    for name, change, code in (
        ("sent elsewhere", lambda root: root.set("Destination", "https://evil.example"), _DEST),
        ("said to be another's", _frame_issuer, Code.ISSUER),
    ):
        yield Hostile(f"frame: {name}", altered(change), code)


_N, _E, _C = Code.NOT_ONE_ASSERTION, Code.EXPIRED, Code.NO_CONFIRMATION

_R, _DEST = Code.NOT_A_RESPONSE, Code.DESTINATION


def _saml_issuer(root: Any) -> None:
    assertion = assertion_of(root)
    assertion.remove(assertion.find(f"{{{SAML}}}Issuer"))


def _error_with_assertion(root: Any) -> None:
    next(root.iter(f"{{{SAMLP}}}StatusCode")).set("Value", "urn:oasis:x:Responder")


def _frame_issuer(root: Any) -> None:
    root.find(f"{{{SAML}}}Issuer").text = "https://sts.windows.net/other/"
