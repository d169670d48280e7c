"""What went wrong for others, by the number that it has in the notes on sign-on.

Those that are not here bear their number where they belong: `test_b1_…`, `test_c3_…`.
"""

import base64
import statistics
import time
import tracemalloc
import zlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from component.sso import test_openid_conformance_basic as basic
from component.sso import test_openid_conformance_config as config
from component.sso import test_rp_initiated_logout as logout
from component.sso.harness import (
    IDP,
    IDP_SSO,
    ORIGIN,
    Browser,
    SignOn,
    add_tenant,
    code_of,
    pass_test,
    request_id_of,
)
from component.sso.test_refresh import claims_of
from component.sso.test_rp_initiated_logout import form_of
from kernel.errors import InvalidError
from sso.domain.connection import Kind
from support.identity_provider import key, metadata

EMAIL = "ann@corp.example"


async def test_m2_a_key_without_a_use_is_a_signing_key(sso: SignOn) -> None:
    await sso.add_user(EMAIL)
    await sso.use_cases.set_metadata(sso.connection, metadata(IDP, IDP_SSO, key("next"), use=None))
    await pass_test(sso, "again@corp.example", key("next"))
    sso.connection = await sso.use_cases.activate_connection(
        await sso.use_cases.get_connection(str(sso.connection.id))
    )
    browser = sso.browser()
    request_id = await sso.leave(browser, EMAIL)
    forged = await sso.answer(browser, sso.response(request_id, EMAIL), key("stranger"))
    assert (forged.status_code, "signer_unknown" in forged.text) == (403, True)
    unsigned = await sso.answer(browser, sso.response(request_id, EMAIL), sign="none")
    assert (unsigned.status_code, "unsigned" in unsigned.text) == (403, True)
    answered = await sso.answer(browser, sso.response(request_id, EMAIL), key("next"))
    assert code_of(await browser.get(answered.headers["location"]))


@pytest.mark.parametrize("use", ["encryption"])
async def test_m2_metadata_without_a_key_that_signs_is_refused(sso: SignOn, use: str) -> None:
    with pytest.raises(InvalidError):
        await sso.use_cases.set_metadata(sso.connection, metadata(IDP, IDP_SSO, key(), use=use))


async def test_m4_two_tenants_with_the_same_provider_stay_apart(sso: SignOn) -> None:
    tenant = await add_tenant(sso.pool, sso.clock, "other.example")
    connection = await sso.use_cases.create_connection(tenant, "Entra", Kind.ENTRA)
    connection = await sso.use_cases.set_metadata(connection, metadata(IDP, IDP_SSO, key()))
    other = replace(sso, tenant=tenant, connection=connection, relay_states={})
    await pass_test(other, "tester@other.example")
    other.connection = await sso.use_cases.activate_connection(other.connection)
    for each, email in ((sso, EMAIL), (other, "bob@other.example")):
        await each.add_user(email)
        assert await each.sign_in(each.browser(), email)
    # What was made for the one is brought to the other, in each of the ways there are.
    request_id = await sso.leave(sso.browser(), EMAIL)
    for response in (
        sso.response(request_id, EMAIL),
        other.response(request_id, EMAIL),
        other.response(request_id, "bob@other.example"),
    ):
        crossed = await other.answer(other.browser(), response)
        assert crossed.status_code == 403


async def test_s3_what_inflates_to_fifty_megabytes_is_cut_off(sso: SignOn) -> None:
    deflate = zlib.compressobj(9, wbits=-15)
    bomb = deflate.compress(b"<a>" + b" " * 50_000_000) + deflate.flush()
    posted = zlib.compress(b"<a>" + b" " * 50_000_000)
    query = urlencode({"SAMLRequest": base64.b64encode(bomb), "Signature": "x", "SigAlg": "x"})
    tracemalloc.start()
    try:
        began = time.monotonic()
        async with sso.client() as http:
            slo = await http.get(f"{ORIGIN}/saml/{sso.connection.id}/slo?{query}")
        acs = await sso.post_document(posted)
        seconds, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (slo.status_code, acs.status_code) == (400, 403)
    assert seconds < 5
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("how", "named"),
    [({"signature": "rsa-sha1"}, "rsa-sha1"), ({"digest": "sha1"}, "xmldsig#sha1")],
)
async def test_s6_the_algorithm_that_is_refused_is_named(sso: SignOn, how: Any, named: str) -> None:
    await sso.add_user(EMAIL)
    browser = sso.browser()
    request_id = await sso.leave(browser, EMAIL)
    refused = await sso.answer(browser, sso.response(request_id, EMAIL), **how)
    assert (refused.status_code, "algorithm" in refused.text) == (403, True)
    detail = await sso.pool.fetchval(
        "SELECT detail FROM sign_in_log WHERE outcome = 'algorithm' ORDER BY id DESC LIMIT 1"
    )
    assert named in detail


async def come_as_another(sso: SignOn) -> tuple[Browser, httpx.Response]:
    """Type Ann's address in a browser that is signed in to the provider as Bob."""
    for email in (EMAIL, "bob@corp.example"):
        await sso.add_user(email)
    browser = sso.browser()
    request_id = await sso.leave(browser, EMAIL)
    return browser, await sso.answer(browser, sso.response(request_id, "bob@corp.example"))


async def test_b8_who_is_somebody_else_is_asked_and_may_go_on(sso: SignOn) -> None:
    browser, answered = await come_as_another(sso)
    asked = await browser.get(answered.headers["location"])
    assert (asked.status_code, EMAIL in asked.text) == (200, True)
    assert "Continue as bob@corp.example" in asked.text
    assert await sso.pool.fetchval("SELECT count(*) FROM sessions") == 0
    onward = answered.headers["location"].replace("/login/account", "/login/continue")
    assert code_of(await browser.get(onward))
    # Neither name is told twice, and nothing is left to be used.
    assert (await browser.get(answered.headers["location"])).status_code == 403


async def test_b8_another_account_is_asked_for_by_the_provider(sso: SignOn) -> None:
    browser, answered = await come_as_another(sso)
    asked = await browser.get(answered.headers["location"])
    form = form_of(asked) | {"email": EMAIL}
    left = await browser.post("/login", **form)
    url = left.headers["location"]
    packed = base64.b64decode(parse_qs(urlsplit(url).query)["SAMLRequest"][0])
    assert b'ForceAuthn="true"' in zlib.decompress(packed, -15)
    onward = await sso.answer(browser, sso.response(request_id_of(url), EMAIL))
    assert urlsplit(onward.headers["location"]).path == "/login/continue"
    code = code_of(await browser.get(onward.headers["location"]))
    async with sso.client() as http:
        tokens = (await sso.app.redeem(http, code)).json()
    assert claims_of(tokens["id_token"])["email"] == EMAIL


async def test_b8_another_browser_is_told_no_names(sso: SignOn) -> None:
    _, answered = await come_as_another(sso)
    for browser in (sso.browser(), sso.browser()):
        told = await browser.get(answered.headers["location"])
        assert told.status_code == 403
        assert "corp.example" not in told.text
    for url in (f"{ORIGIN}/login/account", f"{ORIGIN}/login/account?login=x&proof=y"):
        assert (await sso.browser().get(url)).status_code == 403


@pytest.mark.parametrize("typed", ["ANN@corp.example", "a.smith@corp.example"])
async def test_b8_one_of_their_own_addresses_is_no_other_account(sso: SignOn, typed: str) -> None:
    await sso.add_user(EMAIL, email="a.smith@corp.example")
    browser = sso.browser()
    request_id = await sso.leave(browser, typed)
    answered = await sso.answer(browser, sso.response(request_id, EMAIL))
    assert code_of(await browser.get(answered.headers["location"]))


STRANGERS = ("ann@unknown.example", "not an address", "a@b@corp.example", "ann@silent.example")


async def test_b9_a_domain_without_sign_on_is_answered_like_none(sso: SignOn) -> None:
    await add_tenant(sso.pool, sso.clock, "silent.example")
    await sso.add_user("known@corp.example")
    browser, texts, seconds = sso.browser(), set(), {}
    for email in STRANGERS:
        took = []
        for _ in range(15):
            began = time.perf_counter()
            answer = await browser.post("/login", email=email, **sso.app.request())
            took.append(time.perf_counter() - began)
        assert answer.status_code == 200
        texts.add(answer.text.replace(email, ""))
        seconds[email] = statistics.median(took)
    assert len(texts) == 1
    known, unknown = seconds["ann@silent.example"], seconds["ann@unknown.example"]
    assert abs(known - unknown) < 0.05
    # Of a domain that leads somewhere everybody is sent on, whoever there is.
    for email in ("known@corp.example", "nobody@corp.example"):
        assert (await browser.post("/login", email=email, **sso.app.request())).status_code == 303


def test_o7_the_suites_of_certification_are_tests_here() -> None:
    """The names are those of the OpenID Foundation's conformance suite."""
    wanted = {
        basic: "server response_type_missing ensure_request_without_nonce_succeeds scope login_hint"
        " prompt_none_not_logged_in prompt_none_logged_in max_age_10000 id_token_hint userinfo"
        " ensure_registered_redirect_uri ensure_post_request_succeeds request_object",
        config: "discovery_endpoint_verification server_jwks",
        logout: "discovery_end_session_endpoint rp_initiated_logout rp_initiated_logout_no_state"
        " rp_initiated_logout_no_post_logout_redirect_uri"
        " rp_initiated_logout_modified_id_token_hint"
        " rp_initiated_logout_bad_post_logout_redirect_uri",
    }
    missing = {
        name
        for module, names in wanted.items()
        for name in names.split()
        if not hasattr(module, f"test_oidcc_{name}")
    }
    assert missing == set()
