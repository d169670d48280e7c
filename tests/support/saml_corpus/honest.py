"""Honest documents in other words."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from functools import partial
from typing import Any

from lxml import etree

from support.gate_documents import GOOD, NOW
from support.identity_provider import (
    CLAIMS,
    SAML,
    Response,
    response_bytes,
)
from support.saml_corpus.making import (
    Honest,
    altered,
    assertion_of,
    drop,
    dsig,
    first_of,
    in_confirmation,
    in_saml,
    signed_after,
)


def _honest_octets() -> Iterator[Honest]:
    good = response_bytes(GOOD)
    for name, octets in (
        ("a mark of UTF-8", b"\xef\xbb\xbf" + good),
        ("a declaration", b'<?xml version="1.0" encoding="UTF-8"?>' + good),
        ("a declaration in small letters", b"<?xml version='1.0' encoding='utf-8'?>\r\n" + good),
        ("a declaration without encoding", b'<?xml version="1.0"?>' + good),
        ("lines behind it", good + b"\r\n\r\n"),
        ("lines before it", b"\n\n" + good),
        ("a comment before it", b"<!-- x -->" + good),
        ("a comment in it", good.replace(b"<Subject>", b"<!-- x --><Subject>", 1)),
        ("an instruction in it", good.replace(b"<Subject>", b"<?x y?><Subject>", 1)),
        ("CDATA", good.replace(b">ann@corp.example</Attr", b"><![CDATA[ann@corp.example]]></Attr")),
        ("character references", good.replace(b">ann@corp", b">&#97;nn&#x40;corp")),
        ("comments around a value", good.replace(b">ann@corp", b"><!-- x -->ann@corp")),
        (
            "long ends of elements",
            good.replace(b"/></Subj", b"></SubjectConfirmationData></Subj")
            if b"/></Subj" in good
            else good,
        ),
        ("a comment in the frame", good.replace(b"<samlp:Status>", b"<!--x--><samlp:Status>")),
        (
            "an element of its own in the frame",
            good.replace(
                b"</samlp:Status>",
                b'</samlp:Status><samlp:Extensions><x xmlns="urn:x"/></samlp:Extensions>',
            ),
        ),
    ):
        yield Honest(f"octets: {name}", partial(bytes, octets))


def _honest_trees() -> Iterator[Honest]:
    for name, change in (
        ("no KeyInfo", lambda root: drop("KeyInfo")(root)),
        ("a KeyName", lambda root: _named(root)),
        ("a key by its value", lambda root: _valued(root)),
        ("a certificate in lines", lambda root: _in_lines(root, "X509Certificate")),
        ("a signature in lines", lambda root: _in_lines(root, "SignatureValue")),
        ("no InResponseTo in the frame", lambda root: root.attrib.pop("InResponseTo")),
        ("no Destination", lambda root: root.attrib.pop("Destination")),
        ("no Issuer in the frame", lambda root: root.remove(root.find(f"{{{SAML}}}Issuer"))),
        ("a Consent", lambda root: root.set("Consent", "urn:x")),
    ):
        yield Honest(f"frame: {name}", altered(change))


def _named(root: Any) -> None:
    info = first_of(root, "KeyInfo")
    info[:] = [etree.Element(dsig("KeyName"))]


def _valued(root: Any) -> None:
    info = first_of(root, "KeyInfo")
    info[:] = [etree.Element(dsig("KeyValue"))]


def _in_lines(root: Any, name: str) -> None:
    found = first_of(root, name)
    text = "".join(found.text.split())
    found.text = "\n" + "\n".join(text[at : at + 76] for at in range(0, len(text), 76)) + "\n"


def _honest_meanings() -> Iterator[Honest]:
    hour = timedelta(hours=1)
    groups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
    for name, said in (
        ("no NameID [C5]", GOOD.with_(name_id=None)),
        ("a guest", GOOD.with_(name_id="ann_corp.example#EXT#@other.onmicrosoft.com")),
        ("a thousand groups [C3]", _and(groups, [f"g{n}" for n in range(1_000)])),
        ("a link to groups [C3]", _and(f"{groups}.link", ["https://graph.windows.net/x"])),
        ("roles", _and("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", ["a", "b"])),
        ("an empty claim", _and(f"{CLAIMS}/surname", [""])),
        ("letters of all scripts", _and(f"{CLAIMS}/givenname", ["Ánn 安 𝔸 ‮x"])),
        ("markup in a claim", _and(f"{CLAIMS}/givenname", ["<b>&amp;</b>"])),
        ("a session's end", GOOD.with_(session_not_on_or_after=8 * hour)),
        ("two statements", GOOD.with_(statements=2)),
        ("made a moment ago", GOOD.with_(now=NOW - timedelta(minutes=50))),
        ("a clock that is ahead", GOOD.with_(not_before=timedelta(seconds=30))),
        ("long ids", GOOD.with_(assertion_id="_" + "a" * 200, response_id="_" + "b" * 200)),
    ):
        yield Honest(f"meaning: {name}", partial(response_bytes, said))
    for name, change in (
        ("two confirmations", _two_confirmations),
        ("an address of the browser", in_confirmation("Address", "10.0.0.1")),
        (
            "an Advice without assertions",
            lambda root: etree.SubElement(assertion_of(root), f"{{{SAML}}}Advice"),
        ),
        (
            "OneTimeUse",
            in_saml("Conditions", lambda c: etree.SubElement(c, f"{{{SAML}}}OneTimeUse")),
        ),
        ("lines between elements", _indented),
        ("prefixes of its own", _prefixed),
    ):
        yield Honest(f"signed: {name}", signed_after(change))


def _and(claim: str, values: list[str]) -> Response:
    return GOOD.with_(attributes={**GOOD.attributes, claim: values})


def _two_confirmations(root: Any) -> None:
    """One for somebody else beside ours: one that fits is enough (SAML profiles §4.1.4.3)."""
    found = next(root.iter(f"{{{SAML}}}SubjectConfirmation"))
    other = deepcopy(found)
    other[0].set("Recipient", "https://other.example/")
    found.addprevious(other)


def _indented(root: Any) -> None:
    etree.indent(root, space="  ")
    for element in root.iter(f"{{{SAML}}}AttributeValue"):
        element.text = (element.text or "").strip()


def _prefixed(root: Any) -> None:
    """As Keycloak and Okta write it: saml2: in place of a default namespace."""
    good = assertion_of(root)
    text = etree.tostring(good).decode()
    text = text.replace(f'xmlns="{SAML}"', f'xmlns:saml2="{SAML}"')
    for name in sorted(
        {etree.QName(each).localname for each in good.iter()}, key=len, reverse=True
    ):
        text = text.replace(f"<{name}>", f"<saml2:{name}>").replace(f"<{name} ", f"<saml2:{name} ")
        text = text.replace(f"</{name}>", f"</saml2:{name}>").replace(
            f"<{name}/", f"<saml2:{name}/"
        )
    root.replace(good, etree.fromstring(text))


def honest() -> Iterator[Honest]:
    """Return every honest document."""
    for sign in ("assertion", "response", "both"):
        for signature in ("rsa-sha256", "rsa-sha384", "rsa-sha512"):
            for digest in ("sha256", "sha384", "sha512"):
                yield Honest(
                    f"{sign} {signature} {digest}",
                    partial(response_bytes, GOOD, sign=sign, signature=signature, digest=digest),
                )
    yield from _honest_octets()
    yield from _honest_trees()
    yield from _honest_meanings()
