"""Requests to the identity provider: signed where it wants that, posted where it wants that."""

import base64
import html
import re
from typing import Any

import httpx
import pytest
from lxml import etree
from signxml.verifier import SignatureConfiguration, XMLVerifier

from component.sso.commands import facts
from component.sso.harness import IDP, IDP_SSO, ORIGIN, SignOn, request_id_of
from kernel.errors import InvalidError
from support.identity_provider import key, metadata
from support.logout_messages import SAMLP, opened

EMAIL = "ann@corp.example"
REDIRECT = b'<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'


@pytest.fixture
async def ann(sso: SignOn) -> SignOn:
    await sso.add_user(EMAIL)
    return sso


async def signing(sso: SignOn) -> None:
    shown = await facts(sso, "connection", "set", str(sso.connection.id), "--sign-requests")
    assert shown["sign_requests"] is True
    assert shown["state"] == "active"


def post_alone() -> bytes:
    """Return metadata of a provider that wants requests to be posted."""
    document = metadata(IDP, IDP_SSO, key())
    kept = re.sub(REDIRECT + rb"[^>]*/>", b"", document)
    assert kept != document
    return kept


async def posting(sso: SignOn) -> None:
    """Let the connection's provider want that; tested and active."""
    sso.connection = await sso.use_cases.set_metadata(sso.connection, post_alone())
    url = await sso.use_cases.test_connection(sso.connection)
    async with sso.client() as http:
        page = await http.get(url)
    request = etree.fromstring(base64.b64decode(fields_of(page)["SAMLRequest"]))
    answer = await sso.answer(sso.browser(), sso.response(str(request.get("ID")), EMAIL))
    assert answer.status_code == 200, answer.text
    sso.connection = await sso.use_cases.activate_connection(sso.connection)


def fields_of(page: httpx.Response) -> dict[str, str]:
    """Return what the form of a page posts."""
    assert page.status_code == 200, page.text
    assert f'<form method="post" action="{IDP_SSO}">' in page.text
    assert '<button type="submit"' in page.text
    assert "<script" not in page.text
    assert "form-action" not in page.headers["content-security-policy"]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: html.unescape(value) for name, value in found}


async def begun(sso: SignOn) -> httpx.Response:
    return await sso.browser().post("/login", email=EMAIL, **sso.app.request())


def verified(text: str, sso: SignOn) -> Any:
    """Return the posted request as far as our certificate has signed it."""
    found = XMLVerifier().verify(
        base64.b64decode(text),
        x509_cert=base64_pem(sso.keys.certificates()[0]),
        id_attribute="ID",
        expect_config=SignatureConfiguration(location="./"),
    )
    assert not isinstance(found, list)
    return found.signed_xml


def base64_pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


async def test_requests_are_not_signed_unless_that_is_said(ann: SignOn) -> None:
    assert "Signature=" not in (await begun(ann)).headers["location"]


async def test_a_signed_request_is_signed_by_the_key_of_our_metadata(ann: SignOn) -> None:
    await signing(ann)
    async with ann.client() as http:
        ours = etree.fromstring((await http.get(f"/saml/{ann.connection.id}/metadata")).content)
    names = {"md": "urn:oasis:names:tc:SAML:2.0:metadata"}
    [descriptor] = ours.findall("md:SPSSODescriptor", names)
    assert descriptor.get("AuthnRequestsSigned") == "true"
    [text] = ours.xpath(
        "//md:KeyDescriptor[@use='signing']//*[local-name()='X509Certificate']/text()",
        namespaces=names,
    )
    left = await begun(ann)
    assert left.headers["location"].startswith(f"{IDP_SSO}?")
    request = opened(left.headers["location"], "SAMLRequest", base64.b64decode(text))
    assert request.tag == f"{{{SAMLP}}}AuthnRequest"


async def test_a_test_of_a_connection_that_signs_begins_at_a_page_of_ours(ann: SignOn) -> None:
    await signing(ann)
    connection = await ann.use_cases.get_connection(str(ann.connection.id))
    url = await ann.use_cases.test_connection(connection)
    assert url.startswith(f"{ORIGIN}/saml/{ann.connection.id}/test?login=")
    async with ann.client() as http:
        left = await http.get(url)
        other = await http.get(url.replace("login=", "login=0"))
    opened(left.headers["location"], "SAMLRequest", ann.keys.certificates()[0])
    assert (other.status_code, "login_expired" in other.text) == (403, True)
    request_id = request_id_of(left.headers["location"])
    tested = await ann.answer(ann.browser(), ann.response(request_id, EMAIL))
    assert tested.status_code == 200
    async with ann.client() as http:
        assert (await http.get(url)).status_code == 403  # Once.


async def test_nobody_begins_another_browsers_sign_in_as_a_test(ann: SignOn) -> None:
    await ann.leave(ann.browser(), EMAIL)
    login = await ann.pool.fetchval("SELECT id FROM pending_logins")
    async with ann.client() as http:
        answer = await http.get(f"/saml/{ann.connection.id}/test?login={login}")
    assert answer.status_code == 403


async def test_where_nothing_else_is_offered_a_button_posts_the_request(ann: SignOn) -> None:
    await posting(ann)
    fields = fields_of(await begun(ann))
    request = etree.fromstring(base64.b64decode(fields["SAMLRequest"]))
    assert request.get("Destination") == IDP_SSO
    assert len(fields["RelayState"]) <= 80
    assert fields["login_hint"] == EMAIL
    assert request.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is None


async def test_a_posted_request_is_signed_within(ann: SignOn) -> None:
    await posting(ann)
    await signing(ann)
    fields = fields_of(await begun(ann))
    request = verified(fields["SAMLRequest"], ann)
    assert request.tag == f"{{{SAMLP}}}AuthnRequest"
    document = base64.b64decode(fields["SAMLRequest"])
    tags = [etree.QName(each).localname for each in etree.fromstring(document)]
    assert tags == ["Issuer", "Signature"]


async def test_somebody_signs_in_by_a_posted_request(ann: SignOn) -> None:
    await posting(ann)
    browser = ann.browser()
    left = await browser.post("/login", email=EMAIL, **ann.app.request())
    request = etree.fromstring(base64.b64decode(fields_of(left)["SAMLRequest"]))
    answered = await ann.answer(browser, ann.response(str(request.get("ID")), EMAIL))
    landed = await browser.get(answered.headers["location"])
    assert "code=" in landed.headers["location"]


async def test_metadata_without_any_way_in_is_refused(sso: SignOn) -> None:
    document = re.sub(rb"<SingleSignOnService[^>]*/>", b"", metadata(IDP, IDP_SSO, key()))
    with pytest.raises(InvalidError, match="no SingleSignOnService"):
        await sso.use_cases.set_metadata(sso.connection, document)
