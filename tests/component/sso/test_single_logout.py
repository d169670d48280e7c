"""Single logout: the identity provider signs people out here, and we sign them out there."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from component.sso.commands import facts
from component.sso.harness import APP, IDP, IDP_SSO, ORIGIN, App, Browser, SignOn
from contracts.sso import SsoSessionRevoked
from sso.domain.client import ClientSettings
from support.identity_provider import key
from support.logout_messages import (
    RSA_SHA1,
    SAML,
    SAMLP,
    Query,
    deflated,
    logout_request,
    logout_response,
    opened,
)

EMAIL = "ann@corp.example"
BACK = "https://app.test/signed-out"
GOOD = Query(key())
HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"


def asked(sso: SignOn, **changes: Any) -> str:
    """Return the LogoutRequest that Entra sends for Ann."""
    values: dict[str, Any] = {
        "identifier": "_slo1",
        "issuer": IDP,
        "name_id": EMAIL,
        "now": sso.clock.now(),
    }
    return logout_request(**(values | changes))


async def bring(sso: SignOn, query: str) -> httpx.Response:
    """Go to the endpoint as a frame of another site does: without any cookie."""
    async with sso.client() as http:
        return await http.get(f"{ORIGIN}/saml/{sso.connection.id}/slo?{query}")


async def signed_in(sso: SignOn, **changes: Any) -> Browser:
    browser = sso.browser()
    await sso.sign_in(browser, EMAIL, **changes)
    return browser


async def still_in(sso: SignOn, browser: Browser) -> bool:
    answer = await browser.http.get("/oauth2/authorize", params=sso.app.request(prompt="none"))
    return "code=" in answer.headers["location"]


async def indexes(sso: SignOn) -> list[str]:
    rows = await sso.pool.fetch("SELECT session_index FROM sessions ORDER BY id")
    return [row["session_index"] for row in rows]


@pytest.fixture
async def ann(sso: SignOn) -> SignOn:
    await sso.add_user(EMAIL)
    return sso


async def test_p10_the_provider_signs_out_without_a_cookie(ann: SignOn) -> None:
    first, second = await signed_in(ann), await signed_in(ann)
    done = await bring(ann, replace(GOOD, relay_state="a b&c").of(asked(ann)))
    assert done.status_code == 303
    assert done.headers["location"].startswith(f"{IDP_SSO}?SAMLResponse=")
    assert dict(parse_qsl(urlsplit(done.headers["location"]).query))["RelayState"] == "a b&c"
    answer = opened(done.headers["location"], "SAMLResponse", ann.keys.certificates()[0])
    assert answer.get("InResponseTo") == "_slo1"
    assert answer.get("Destination") == IDP_SSO
    assert answer.findtext(f"{{{SAML}}}Issuer") == f"{ORIGIN}/saml/{ann.connection.id}/metadata"
    assert not await still_in(ann, first)
    assert not await still_in(ann, second)
    rows = await ann.pool.fetch("SELECT data FROM outbox WHERE type = 'sso.session.revoked.v1'")
    told = [SsoSessionRevoked.model_validate_json(row["data"]).reason for row in rows]
    assert set(told) == {"logout"}


async def test_a_session_index_ends_that_session_alone(ann: SignOn) -> None:
    first, second = await signed_in(ann), await signed_in(ann)
    one, _ = await indexes(ann)
    assert (await bring(ann, GOOD.of(asked(ann, indexes=(one,))))).status_code == 303
    assert not await still_in(ann, first)
    assert await still_in(ann, second)


async def test_a_name_laid_out_in_lines_and_a_clock_behind_ours_sign_out(ann: SignOn) -> None:
    browser = await signed_in(ann)
    ends = ann.clock.now() - timedelta(seconds=30)
    request = asked(ann, name_id=f"\n  {EMAIL}\n", not_on_or_after=ends)
    assert (await bring(ann, GOOD.of(request))).status_code == 303
    assert not await still_in(ann, browser)


async def test_who_waits_to_be_provisioned_is_out_as_well(sso: SignOn) -> None:
    browser = sso.browser()
    request_id = await sso.leave(browser, EMAIL)
    page = await sso.answer(browser, sso.response(request_id, EMAIL))
    again = page.headers["refresh"].partition("; url=")[2]
    assert (await bring(sso, GOOD.of(asked(sso)))).status_code == 303
    await sso.add_user(EMAIL)
    assert (await browser.get(again)).status_code == 403
    assert await sso.pool.fetchval("SELECT count(*) FROM sessions") == 0


async def test_others_stay_signed_in(ann: SignOn) -> None:
    bob = await ann.add_user("bob@corp.example")
    browser = ann.browser()
    await ann.sign_in(browser, bob.user_name, name_id=bob.user_name)
    assert (await bring(ann, GOOD.of(asked(ann)))).status_code == 303
    assert await still_in(ann, browser)


async def test_a_login_that_has_come_back_already_goes_with_it(ann: SignOn) -> None:
    browser = ann.browser()
    request_id = await ann.leave(browser, EMAIL)
    answered = await ann.answer(browser, ann.response(request_id, EMAIL))
    assert (await bring(ann, GOOD.of(asked(ann)))).status_code == 303
    assert (await browser.get(answered.headers["location"])).status_code == 403


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("relay_state", [None, "", "a b+c/é", "x" * 80])
async def test_s2_signed_is_what_was_sent(
    ann: SignOn, lower: bool, relay_state: str | None
) -> None:
    browser = await signed_in(ann)
    query = replace(GOOD, lower=lower, relay_state=relay_state).of(asked(ann))
    assert (await bring(ann, query)).status_code == 303
    assert not await still_in(ann, browser)


async def test_s2_a_blank_of_a_relay_state_may_be_escaped(ann: SignOn) -> None:
    """By %20 where others write a plus: the octets are signed, not what they mean."""
    document = asked(ann)
    plus = replace(GOOD, relay_state="a b").of(document)
    changed = plus.replace("RelayState=a+b", "RelayState=a%20b")
    assert changed != plus
    assert (await bring(ann, changed)).status_code == 400
    assert (await bring(ann, plus)).status_code == 303


async def test_s2_the_order_of_parameters_does_not_matter(ann: SignOn) -> None:
    parts = replace(GOOD, relay_state="r").of(asked(ann)).split("&")
    assert (await bring(ann, "&".join(["extra=1", *reversed(parts)]))).status_code == 303


def repeated(query: str) -> str:
    return f"{query}&{query.partition('&')[0]}"


def respelled(query: str) -> str:
    return f"{query}&%53AMLRequest=AAAA"


def both(query: str) -> str:
    return f"{query}&SAMLResponse=AAAA"


def stripped(query: str) -> str:
    return query.partition("&SigAlg")[0]


def tampered(query: str) -> str:
    return query.replace("RelayState=r", "RelayState=s")


@pytest.mark.parametrize("change", [repeated, respelled, both, stripped, tampered])
async def test_s2_what_was_changed_on_its_way_ends_nothing(
    ann: SignOn, change: Callable[[str], str]
) -> None:
    browser = await signed_in(ann)
    query = change(replace(GOOD, relay_state="r").of(asked(ann)))
    assert (await bring(ann, query)).status_code == 400
    assert await still_in(ann, browser)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        (replace(GOOD, key=None), "unsigned"),
        (replace(GOOD, key=key("foreign")), "signature_wrong"),
        (replace(GOOD, algorithm=RSA_SHA1), "algorithm"),
        (
            replace(GOOD, algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
            "algorithm",
        ),
        (replace(GOOD, name="SAMLResponse"), "not_a_response"),
    ],
)
async def test_s2_only_the_providers_own_key_signs_out(ann: SignOn, how: Query, code: str) -> None:
    browser = await signed_in(ann)
    refused = await bring(ann, how.of(asked(ann)))
    assert refused.status_code == 400
    assert code in refused.text
    assert await still_in(ann, browser)


async def test_s2_a_message_is_of_now_for_us_and_from_them(ann: SignOn) -> None:
    browser, now = await signed_in(ann), ann.clock.now()
    for changes, code in [
        ({"issuer": "https://sts.windows.net/other/"}, "issuer"),
        ({"destination": f"{ORIGIN}/saml/other/slo"}, "destination"),
        ({"now": now - timedelta(minutes=12)}, "expired"),
        ({"now": now + timedelta(minutes=2)}, "not_yet_valid"),
        ({"not_on_or_after": now - timedelta(seconds=61)}, "expired"),
        ({"name_id": ""}, "no_subject"),
        ({"identifier": ""}, "not_a_response"),
    ]:
        refused = await bring(ann, GOOD.of(asked(ann, **changes)))
        assert (refused.status_code, code in refused.text) == (400, True), changes
    assert await still_in(ann, browser)


async def test_entra_signs_out_by_another_name_than_it_signs_in_by(ann: SignOn) -> None:
    browser = await signed_in(ann)
    assert (await bring(ann, GOOD.of(asked(ann, issuer=IDP_SSO.removesuffix("saml2"))))).is_redirect
    assert not await still_in(ann, browser)


async def test_s2_a_request_ends_something_once(ann: SignOn) -> None:
    query = GOOD.of(asked(ann))
    assert (await bring(ann, query)).status_code == 303
    browser = await signed_in(ann)
    again = await bring(ann, query)
    assert again.status_code == 400
    assert "replayed" in again.text
    assert await still_in(ann, browser)


@pytest.mark.parametrize(
    "document",
    [
        b"<a>" * 10,
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b" " * 5_000_000,
        b"",
    ],
    ids=["broken", "doctype", "bomb", "empty"],
)
async def test_n4_a_signed_document_is_still_bounded_and_checked(
    ann: SignOn, document: bytes
) -> None:
    assert (await bring(ann, GOOD.of(document))).status_code == 400


async def test_n4_nothing_stands_behind_the_message(ann: SignOn) -> None:
    trailing = base64.b64decode(deflated(asked(ann).encode())) + b"more"
    query = GOOD.of_text(base64.b64encode(trailing).decode())
    assert (await bring(ann, query)).status_code == 400


async def test_another_connection_of_the_same_provider_is_another_endpoint(ann: SignOn) -> None:
    """A message to one ends nothing of another, and an unknown connection is not found."""
    async with ann.client() as http:
        answer = await http.get(f"/saml/{ann.tenant.tenant_id}/slo?{GOOD.of(asked(ann))}")
    assert answer.status_code == 404


async def test_a_suspended_connection_takes_no_message(ann: SignOn) -> None:
    await ann.use_cases.suspend_connection(ann.connection)
    refused = await bring(ann, GOOD.of(asked(ann)))
    assert (refused.status_code, "connection_state" in refused.text) == (400, True)


# Signing out at an app.


@pytest.fixture
async def shop(ann: SignOn) -> SignOn:
    settings = ClientSettings(post_logout_redirect_uris=(BACK,))
    made = await ann.use_cases.create_client("shop", "Shop", [APP], public=False, settings=settings)
    ann.app = App("shop", str(made.secret))
    shown = await facts(ann, "connection", "set", str(ann.connection.id), "--single-logout")
    assert shown["single_logout"] is True
    return ann


async def sign_out(sso: SignOn) -> tuple[Browser, httpx.Response]:
    """Sign in, and out at the app."""
    browser = sso.browser()
    code = await sso.sign_in(browser, EMAIL)
    async with sso.client() as http:
        tokens = (await sso.app.redeem(http, code)).json()
    parameters = {
        "id_token_hint": tokens["id_token"],
        "post_logout_redirect_uri": BACK,
        "state": "s1",
    }
    return browser, await browser.http.get("/oauth2/logout", params=parameters)


def answered(sso: SignOn, request_id: str, **changes: Any) -> str:
    values: dict[str, Any] = {
        "identifier": "_r1",
        "issuer": IDP,
        "in_response_to": request_id,
        "now": sso.clock.now(),
    }
    return replace(GOOD, name="SAMLResponse").of(logout_response(**(values | changes)))


async def test_p11_we_ask_with_the_name_that_came(shop: SignOn) -> None:
    browser, left = await sign_out(shop)
    assert not await still_in(shop, browser)  # Before anybody has answered.
    request = opened(left.headers["location"], "SAMLRequest", shop.keys.certificates()[0])
    assert left.headers["location"].startswith(f"{IDP_SSO}?")
    assert request.get("Destination") == IDP_SSO
    assert not str(request.get("ID"))[0].isdigit()
    name = request.find(f"{{{SAML}}}NameID")
    assert name is not None
    assert name.text == EMAIL
    assert name.get("Format") == "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    assert [request.findtext(f"{{{SAMLP}}}SessionIndex")] == await indexes(shop)
    back = await bring(shop, answered(shop, str(request.get("ID"))))
    assert (back.status_code, back.headers["location"]) == (303, f"{BACK}?state=s1")
    again = await bring(shop, answered(shop, str(request.get("ID"))))
    assert (again.status_code, "not_asked_for" in again.text) == (400, True)


async def test_what_fails_there_is_over_here(shop: SignOn) -> None:
    _, left = await sign_out(shop)
    request = opened(left.headers["location"], "SAMLRequest", shop.keys.certificates()[0])
    status = "urn:oasis:names:tc:SAML:2.0:status:Responder"
    back = await bring(shop, answered(shop, str(request.get("ID")), status=status))
    assert (back.status_code, back.headers["location"]) == (303, f"{BACK}?state=s1")


async def test_nobody_else_answers_for_the_provider(shop: SignOn) -> None:
    _, left = await sign_out(shop)
    request = opened(left.headers["location"], "SAMLRequest", shop.keys.certificates()[0])
    identifier = str(request.get("ID"))
    document = logout_response(
        identifier="_r1", issuer=IDP, in_response_to=identifier, now=shop.clock.now()
    )
    for how in (Query(None, "SAMLResponse"), Query(key("foreign"), "SAMLResponse")):
        assert (await bring(shop, how.of(document))).status_code == 400
    assert (await bring(shop, answered(shop, "id-other"))).status_code == 400
    assert (await bring(shop, answered(shop, identifier))).status_code == 303


async def test_an_answer_that_comes_too_late_is_refused(shop: SignOn) -> None:
    _, left = await sign_out(shop)
    request = opened(left.headers["location"], "SAMLRequest", shop.keys.certificates()[0])
    shop.clock.ahead = timedelta(minutes=11)
    assert (await bring(shop, answered(shop, str(request.get("ID"))))).status_code == 400


async def test_p11_without_the_option_the_app_is_gone_back_to_at_once(shop: SignOn) -> None:
    await facts(shop, "connection", "set", str(shop.connection.id), "--no-single-logout")
    _, left = await sign_out(shop)
    assert left.headers["location"] == f"{BACK}?state=s1"


async def test_p11_a_session_without_a_name_is_not_asked_about(shop: SignOn) -> None:
    user = await shop.add_user("eve@corp.example", external_id="o-1")
    browser = shop.browser()
    code = await shop.sign_in(browser, user.user_name, name_id=None, object_id="o-1")
    async with shop.client() as http:
        hint = (await shop.app.redeem(http, code)).json()["id_token"]
    left = await browser.http.get(
        "/oauth2/logout", params={"id_token_hint": hint, "post_logout_redirect_uri": BACK}
    )
    assert left.headers["location"] == BACK
