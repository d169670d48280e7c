"""The whole way: app, login, identity provider, app, tokens; and out again."""

import asyncio
from datetime import timedelta

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from chassis.ids import uuid7
from component.sso.harness import APP, IDP, IDP_SSO, ORIGIN, SignOn, code_of
from support.identity_provider import key, metadata, response_bytes


async def test_somebody_signs_in_to_an_app(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example", email="ann@corp.example", given_name="Ann")
    browser = sso.browser()
    asked = await browser.http.get("/oauth2/authorize", params=sso.app.request())
    assert asked.status_code == 200
    assert 'name="email"' in asked.text
    code = await sso.sign_in(browser, "ann@corp.example")
    async with sso.client() as http:
        tokens = (await sso.app.redeem(http, code)).json()
        keys = KeySet.import_key_set((await http.get("/oauth2/jwks")).json())
        told = await http.get(
            "/oauth2/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
        )
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    assert claims["sub"] == str(ann.id)
    assert claims["aud"] == "app"
    assert claims["iss"] == ORIGIN
    assert claims["nonce"] == "n-1"
    assert claims["tenant_id"] == str(sso.tenant.tenant_id)
    assert claims["email_verified"] is True
    assert told.json()["sub"] == str(ann.id)
    assert told.json()["given_name"] == "Ann"
    assert (await sso.log())[-1] == ("signed_in", "address")


async def test_who_is_signed_in_goes_on_without_leaving(sso: SignOn) -> None:
    await sso.add_user("ann@corp.example")
    browser = sso.browser()
    await sso.sign_in(browser, "ann@corp.example")
    again = await browser.http.get("/oauth2/authorize", params=sso.app.request())
    assert code_of(again)
    renewed = await browser.http.get("/oauth2/authorize", params=sso.app.request(prompt="login"))
    assert renewed.status_code == 200
    async with sso.client() as stranger:
        silent = await stranger.get("/oauth2/authorize", params=sso.app.request(prompt="none"))
    assert "error=login_required" in silent.headers["location"]


async def test_a_code_is_good_once_and_for_its_app_alone(sso: SignOn) -> None:
    await sso.add_user("ann@corp.example")
    browser = sso.browser()
    async with sso.client() as http:
        code = await sso.sign_in(browser, "ann@corp.example")
        assert (await sso.app.redeem(http, code)).status_code == 200
        again = await sso.app.redeem(http, code)
        assert again.status_code == 400
        assert again.json()["error"] == "invalid_grant"
        for changes in (
            {"code_verifier": "w" * 43},
            {"redirect_uri": f"{APP}/other"},
        ):
            code = await sso.sign_in(browser, "ann@corp.example")
            refused = await sso.app.redeem(http, code, **changes)
            assert refused.json()["error"] == "invalid_grant", changes
        created = await sso.use_cases.create_client("other", "Other", [APP], public=False)
        code = await sso.sign_in(browser, "ann@corp.example")
        other = await http.post(
            "/oauth2/token",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": APP,
                "code_verifier": sso.app.verifier,
            },
            auth=("other", str(created.secret)),
        )
        assert other.json()["error"] == "invalid_grant"
        wrong = await http.post(
            "/oauth2/token", data={"grant_type": "authorization_code"}, auth=("app", "wrong")
        )
        assert wrong.status_code == 401


async def test_a_deactivated_person_is_out_at_once(sso: SignOn) -> None:
    ann = await sso.add_user("ann@corp.example")
    browser = sso.browser()
    code = await sso.sign_in(browser, "ann@corp.example")
    waiting = await sso.sign_in(browser, "ann@corp.example")
    async with sso.client() as http:
        token = (await sso.app.redeem(http, code)).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 200
        await sso.state_of(ann, active=False)
        assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 401
        assert (await sso.app.redeem(http, waiting)).json()["error"] == "invalid_grant"
    resumed = await browser.http.get("/oauth2/authorize", params=sso.app.request())
    assert resumed.status_code == 200
    request_id = await sso.leave(browser, "ann@corp.example")
    refused = await sso.answer(browser, sso.response(request_id, "ann@corp.example"))
    assert refused.status_code == 403
    assert "deactivated" in refused.text
    await sso.state_of(ann, active=True)
    # What was over stays over.
    async with sso.client() as http:
        assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 401


async def test_a_suspended_connection_lets_nobody_in_and_ends_its_sessions(sso: SignOn) -> None:
    await sso.add_user("ann@corp.example")
    browser = sso.browser()
    await sso.sign_in(browser, "ann@corp.example")
    request_id = await sso.leave(browser, "ann@corp.example")
    await sso.use_cases.suspend_connection(sso.connection)
    refused = await sso.answer(browser, sso.response(request_id, "ann@corp.example"))
    assert refused.status_code == 403
    again = await browser.http.get("/oauth2/authorize", params=sso.app.request())
    assert again.status_code == 200
    left = await browser.post("/login", email="ann@corp.example", **sso.app.request())
    assert left.status_code == 200


@pytest.mark.parametrize(
    ("package", "status"), [("free", "active"), ("business", "suspended"), ("later", "active")]
)
async def test_a_tenant_that_may_not_sign_on_does_not(
    sso: SignOn, package: str, status: str
) -> None:
    await sso.add_user("ann@corp.example")
    browser = sso.browser()
    code = await sso.sign_in(browser, "ann@corp.example")
    request_id = await sso.leave(browser, "ann@corp.example")
    await sso.pool.execute("UPDATE tenants SET package = $1, status = $2", package, status)
    async with sso.client() as http:
        assert (await sso.app.redeem(http, code)).json()["error"] == "invalid_grant"
    refused = await sso.answer(browser, sso.response(request_id, "ann@corp.example"))
    assert "not_entitled" in refused.text
    again = await browser.http.get("/oauth2/authorize", params=sso.app.request())
    assert again.status_code == 200


async def test_one_answer_posted_many_times_at_once_is_one_session(sso: SignOn) -> None:
    await sso.add_user("ann@corp.example")
    browser = sso.browser()
    request_id = await sso.leave(browser, "ann@corp.example")
    document = response_bytes(sso.response(request_id, "ann@corp.example"))
    answers = await asyncio.gather(*(sso.post_document(document) for _ in range(50)))
    taken = [each for each in answers if "proof=" in each.headers.get("location", "")]
    assert len(taken) == 1
    assert {each.status_code for each in answers if "replayed" not in each.text} == {303}
    assert code_of(await browser.get(taken[0].headers["location"]))
    assert (await sso.browser().get(taken[0].headers["location"])).status_code == 403
    assert await sso.pool.fetchval("SELECT count(*) FROM sessions") == 1


async def test_the_first_sign_ins_of_one_person_at_once_all_succeed(sso: SignOn) -> None:
    for number in range(10):
        email, object_id = f"ann{number}@corp.example", str(uuid7())
        await sso.add_user(email)
        browsers = [sso.browser() for _ in range(4)]
        asked = [await sso.leave(browser, email) for browser in browsers]
        answers = await asyncio.gather(
            *(
                sso.answer(browser, sso.response(request_id, email, object_id=object_id))
                for browser, request_id in zip(browsers, asked, strict=True)
            )
        )
        assert [answer.status_code for answer in answers] == [303] * 4


async def test_of_two_identities_that_claim_a_person_at_once_one_is_bound(sso: SignOn) -> None:
    for number in range(10):
        email = f"ann{number}@corp.example"
        ann = await sso.add_user(email)
        asked = [await sso.leave(sso.browser(), email) for _ in range(4)]
        await asyncio.gather(
            *(
                sso.answer(sso.browser(), sso.response(request_id, email, object_id=str(uuid7())))
                for request_id in asked
            )
        )
        bound = await sso.pool.fetch("SELECT subject FROM bindings WHERE user_id = $1", ann.id)
        assert len(bound) == 1
    outcomes = {outcome for outcome, _ in await sso.log()}
    assert outcomes == {"test_passed", "signed_in", "other_subject"}


async def test_one_assertion_answers_one_login_of_two_at_once(sso: SignOn) -> None:
    """Whoever signs assertions may give two the same id; the second is one that was used."""
    user = await sso.add_user("ann@corp.example")
    documents = []
    for _ in range(6):
        request_id = await sso.leave(sso.browser(), user.user_name)
        said = sso.response(request_id, user.user_name, assertion_id="_one")
        documents.append(response_bytes(said))
    answers = await asyncio.gather(*(sso.post_document(each) for each in documents))
    assert sorted(answer.status_code for answer in answers) == [303, 403, 403, 403, 403, 403]
    assert (
        await sso.pool.fetchval("SELECT count(*) FROM pending_logins WHERE outcome <> 'null'") == 1
    )


async def test_another_browser_cannot_finish_what_it_did_not_begin(sso: SignOn) -> None:
    """Neither an attacker's answer in the victim's browser, nor the victim's in the attacker's."""
    await sso.add_user("mallory@corp.example")
    attacker, victim = sso.browser(), sso.browser()
    request_id = await sso.leave(attacker, "mallory@corp.example")
    answered = await sso.answer(attacker, sso.response(request_id, "mallory@corp.example"))
    landed = await victim.get(answered.headers["location"])
    assert landed.status_code == 403
    assert "other_browser" in landed.text
    assert await sso.pool.fetchval("SELECT count(*) FROM sessions") == 0


@pytest.mark.parametrize("what_came", ["another login's", "garbage", "nothing"])
async def test_the_relay_state_decides_nothing(sso: SignOn, what_came: str) -> None:
    await sso.add_user("ann@corp.example")
    other, browser = sso.browser(), sso.browser()
    others = await sso.leave(other, "ann@corp.example")
    request_id = await sso.leave(browser, "ann@corp.example")
    states = {"another login's": sso.relay_states[others], "garbage": "\x7f", "nothing": ""}
    sso.relay_states[request_id] = states[what_came]
    answered = await sso.answer(browser, sso.response(request_id, "ann@corp.example"))
    assert answered.status_code == 303
    assert (await other.get(answered.headers["location"])).status_code == 403
    again = await sso.answer(browser, sso.response(others, "ann@corp.example"))
    assert code_of(await other.get(again.headers["location"]))


async def test_a_login_is_over_after_ten_minutes(sso: SignOn) -> None:
    await sso.add_user("ann@corp.example")
    browser = sso.browser()
    request_id = await sso.leave(browser, "ann@corp.example")
    sso.clock.ahead = timedelta(minutes=11)
    refused = await sso.answer(browser, sso.response(request_id, "ann@corp.example"))
    assert "login_expired" in refused.text


async def test_an_app_is_told_what_is_wrong_and_nobody_else_is(sso: SignOn) -> None:
    async with sso.client() as http:
        for changes in (
            {"client_id": "nobody"},
            {"redirect_uri": f"{APP}/../x"},
            {"redirect_uri": ""},
        ):
            refused = await http.get("/oauth2/authorize", params=sso.app.request(**changes))
            assert refused.status_code == 400, changes
            assert "location" not in refused.headers
        for changes, error in (
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"scope": "profile"}, "invalid_scope"),
            ({"code_challenge": ""}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"request": "x"}, "request_not_supported"),
        ):
            refused = await http.get("/oauth2/authorize", params=sso.app.request(**changes))
            assert f"error={error}" in refused.headers["location"], changes


async def test_discovery_says_what_is_there(sso: SignOn) -> None:
    async with sso.client() as http:
        said = orjson.loads((await http.get("/.well-known/openid-configuration")).content)
        keys = (await http.get("/oauth2/jwks")).json()["keys"]
    assert said["issuer"] == ORIGIN
    assert all(said[name].startswith(ORIGIN) for name in said if name.endswith("_endpoint"))
    assert [set(each) & {"d", "p", "q"} for each in keys] == [set()]
    assert keys[0]["use"] == "sig"


async def test_new_metadata_has_to_be_tested_while_the_old_goes_on(sso: SignOn) -> None:
    await sso.add_user("ann@corp.example")
    rolled = metadata(IDP, IDP_SSO, key("next"))
    await sso.use_cases.set_metadata(sso.connection, rolled)
    browser = sso.browser()
    assert await sso.sign_in(browser, "ann@corp.example")
    request_id = await sso.leave(browser, "ann@corp.example")
    response = sso.response(request_id, "ann@corp.example")
    refused = await sso.answer(browser, response, key("next"))
    assert refused.status_code == 403, "an untested candidate signs nobody in"


async def test_who_posts_garbage_does_not_fill_the_database(sso: SignOn) -> None:
    answers = await asyncio.gather(*(sso.post_document(b"<a/>") for _ in range(150)))
    assert {answer.status_code for answer in answers} == {403}
    rows = [outcome for outcome, _ in await sso.log() if outcome == "not_a_response"]
    assert 0 < len(rows) < 130


@pytest.mark.parametrize("format_name", ["persistent", "unspecified"])
async def test_a_name_that_fits_into_no_index_is_refused(sso: SignOn, format_name: str) -> None:
    """Characters that do not repeat: PostgreSQL compresses others."""
    long = "".join(chr(0x4E00 + (7_919 * each) % 20_000) for each in range(6_000))
    said = {
        "name_id": long,
        "name_id_format": f"urn:oasis:names:tc:SAML:2.0:nameid-format:{format_name}",
    }
    for changes in (said, {"object_id": long}, {"assertion_id": f"_{long}"}):
        await _refused_as_too_large(sso, changes)


async def _refused_as_too_large(sso: SignOn, changes: dict[str, str]) -> None:
    browser = sso.browser()
    request_id = await sso.leave(browser, "ann@corp.example")
    refused = await sso.answer(browser, sso.response(request_id, "ann@corp.example", **changes))
    assert (refused.status_code, "too_large" in refused.text) == (403, True), refused.text
