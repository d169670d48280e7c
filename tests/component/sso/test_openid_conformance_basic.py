"""What the OpenID Foundation's Basic OP plan asks for; each test names the one it stands for.

The suite itself is not run here. Its client sends a code_challenge, as ours do: PKCE is asked for.
"""

import base64
import hashlib
import zlib
from datetime import timedelta

import pytest
from lxml import etree, html

from component.sso.harness import APP, ORIGIN, SignOn, code_of, request_id_of
from component.sso.openid import answer_of, authorize, claims_of, sign_in, signed_in, tokens_of
from sso.domain.login import User


@pytest.fixture
async def ann(sso: SignOn) -> User:
    return await sso.add_user(
        "ann@corp.example", email="ann@corp.example", given_name="Ann", family_name="Lee"
    )


async def test_oidcc_server(sso: SignOn, ann: User) -> None:
    """`oidcc-server`, `oidcc-idtoken-signature`."""
    browser = sso.browser()
    landed, _ = await sign_in(sso, browser, await authorize(browser, sso), ann.user_name)
    tokens = await tokens_of(sso, code_of(landed))
    claims = await claims_of(sso, tokens["id_token"])
    assert claims["iss"] == ORIGIN
    assert claims["aud"] == "app"
    assert claims["nonce"] == "n-1"
    assert claims["exp"] > claims["iat"]
    assert tokens["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "9" * 400}, "invalid_request"),
    ],
)
async def test_oidcc_response_type_missing(
    sso: SignOn, changes: dict[str, str], error: str
) -> None:
    """`oidcc-response-type-missing`, and whatever else goes back to the app as an error."""
    answer = answer_of(await authorize(sso.browser(), sso, **changes))
    assert answer["error"] == error
    assert answer["state"] == "xyz"
    assert answer["iss"] == ORIGIN, "RFC 9207"
    assert "code" not in answer


async def test_oidcc_ensure_request_without_nonce_succeeds(sso: SignOn, ann: User) -> None:
    """`oidcc-ensure-request-without-nonce-succeeds-for-code-flow`."""
    browser = await signed_in(sso)
    tokens = await tokens_of(sso, code_of(await authorize(browser, sso, nonce="")))
    assert "nonce" not in await claims_of(sso, tokens["id_token"])


@pytest.mark.parametrize(
    ("scope", "expected", "missing"),
    [
        ("openid profile", {"name", "given_name", "preferred_username"}, {"email"}),
        ("openid email", {"email", "email_verified"}, {"name"}),
        ("openid address", set(), {"email", "name", "address"}),
        ("openid phone", set(), {"email", "name", "phone_number"}),
        ("openid profile email address phone", {"name", "email"}, {"address"}),
        ("phone email profile openid", {"name", "email"}, {"address"}),
    ],
)
async def test_oidcc_scope(
    sso: SignOn, ann: User, scope: str, expected: set[str], missing: set[str]
) -> None:
    """`oidcc-scope-profile`, `-email`, `-address`, `-phone`, `-all`, and
    `oidcc-ensure-other-scope-order-succeeds`."""
    browser = await signed_in(sso)
    tokens = await tokens_of(sso, code_of(await authorize(browser, sso, scope=scope)))
    async with sso.client() as http:
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        told = (await http.get("/oauth2/userinfo", headers=bearer)).json()
    for found in (told, await claims_of(sso, tokens["id_token"])):
        assert expected <= found.keys()
        assert not missing & found.keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"display": "page"},
        {"display": "popup"},
        {"ui_locales": "se en"},
        {"claims_locales": "se"},
        {"acr_values": "1 2"},
        {"login_hint": "ann@corp.example"},
        {"claims": '{"userinfo": {"name": {"essential": true}}, "x": "' + "x" * 2_000 + '"}'},
        {"extra": "foobar"},
        {"max_age": "10000"},
        {"response_mode": "query"},
    ],
)
async def test_oidcc_what_is_tolerated(sso: SignOn, ann: User, changes: dict[str, str]) -> None:
    """`oidcc-display-page`, `oidcc-display-popup`, `oidcc-ui-locales`, `oidcc-claims-locales`,
    `oidcc-ensure-request-with-acr-values-succeeds`, `oidcc-login-hint`, `oidcc-claims-essential`,
    `oidcc-ensure-request-with-unknown-parameter-succeeds`, `oidcc-max-age-10000`."""
    browser = await signed_in(sso)
    assert code_of(await authorize(browser, sso, **changes))


async def test_oidcc_login_hint(sso: SignOn) -> None:
    """`oidcc-login-hint`: the address stands in the form, and nothing of it is markup."""
    page = await authorize(sso.browser(), sso, login_hint='ann"><script>@corp.example')
    found = html.fromstring(page.text).get_element_by_id("email")
    assert found.get("value") == 'ann"><script>@corp.example'


async def test_oidcc_prompt_none_not_logged_in(sso: SignOn) -> None:
    """`oidcc-prompt-none-not-logged-in`."""
    answer = answer_of(await authorize(sso.browser(), sso, prompt="none"))
    assert answer["error"] == "login_required"
    assert answer["iss"] == ORIGIN


async def test_oidcc_prompt_none_logged_in(sso: SignOn, ann: User) -> None:
    """`oidcc-prompt-none-logged-in`: the same person, signed in at the same moment."""
    browser = sso.browser()
    first = await tokens_of(sso, await sso.sign_in(browser, ann.user_name))
    second = await tokens_of(sso, code_of(await authorize(browser, sso, prompt="none")))
    before, after = [await claims_of(sso, each["id_token"]) for each in (first, second)]
    for name in ("sub", "sid", "auth_time"):
        assert before[name] == after[name]


def asks_anew(request: str) -> bool:
    document = etree.fromstring(zlib.decompress(base64.b64decode(request), -15))
    return str(document.get("ForceAuthn")) == "true"


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "1"}, {"max_age": "0"}])
async def test_oidcc_prompt_login_and_max_age(
    sso: SignOn, ann: User, changes: dict[str, str]
) -> None:
    """`oidcc-prompt-login`, `oidcc-max-age-1`: asked again, and `auth_time` moves."""
    browser = sso.browser()
    first = await tokens_of(sso, await sso.sign_in(browser, ann.user_name))
    sso.clock.ahead = timedelta(seconds=5)
    page = await authorize(browser, sso, **changes)
    landed, request = await sign_in(sso, browser, page, ann.user_name)
    assert asks_anew(request)
    second = await tokens_of(sso, code_of(landed))
    before, after = [await claims_of(sso, each["id_token"]) for each in (first, second)]
    assert after["auth_time"] >= before["auth_time"] + 5
    assert after["sub"] == before["sub"]


async def test_oidcc_max_age_10000(sso: SignOn, ann: User) -> None:
    """`oidcc-max-age-10000`: not asked again, and with `prompt=none` told when it is too long."""
    browser = sso.browser()
    first = await tokens_of(sso, await sso.sign_in(browser, ann.user_name))
    second = await tokens_of(sso, code_of(await authorize(browser, sso, max_age="10000")))
    before, after = [await claims_of(sso, each["id_token"]) for each in (first, second)]
    assert before["auth_time"] == after["auth_time"]
    sso.clock.ahead = timedelta(seconds=10_001)
    silent = answer_of(await authorize(browser, sso, max_age="10000", prompt="none"))
    assert silent["error"] == "login_required"


async def test_prompt_select_account(sso: SignOn, ann: User) -> None:
    browser = await signed_in(sso)
    page = await authorize(browser, sso, prompt="select_account")
    landed, request = await sign_in(sso, browser, page, ann.user_name)
    assert code_of(landed)
    assert not asks_anew(request)


async def test_oidcc_id_token_hint(sso: SignOn, ann: User) -> None:
    """`oidcc-id-token-hint`: with `prompt=none` the person that is meant, and nobody else."""
    bob = await sso.add_user("bob@corp.example")
    browser, other = sso.browser(), sso.browser()
    hint = (await tokens_of(sso, await sso.sign_in(browser, ann.user_name)))["id_token"]
    strange = (await tokens_of(sso, await sso.sign_in(other, bob.user_name)))["id_token"]
    sso.clock.ahead = timedelta(hours=1)
    for prompt in ("none", ""):
        landed = await authorize(browser, sso, prompt=prompt, id_token_hint=hint)
        tokens = await tokens_of(sso, code_of(landed))
        assert (await claims_of(sso, tokens["id_token"]))["sub"] == str(ann.id)
    for wrong in (strange, hint[:-9] + "AAAAAAAAA", "x"):
        silent = await authorize(browser, sso, prompt="none", id_token_hint=wrong)
        assert answer_of(silent)["error"] == "login_required"
        assert (await authorize(browser, sso, id_token_hint=wrong)).status_code == 200


async def test_an_id_token_of_another_app_is_no_hint(sso: SignOn, ann: User) -> None:
    browser = sso.browser()
    hint = (await tokens_of(sso, await sso.sign_in(browser, ann.user_name)))["id_token"]
    await sso.use_cases.create_client("other", "Other", [APP], public=False)
    silent = await authorize(browser, sso, client_id="other", prompt="none", id_token_hint=hint)
    assert answer_of(silent)["error"] == "login_required"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://app.test/unregistered"},
        {"redirect_uri": f"{APP}?foo=bar"},
        {"redirect_uri": ""},
        {"client_id": "nobody"},
        {"client_id": ""},
    ],
)
@pytest.mark.parametrize("wrong", [{}, {"response_type": "x"}, {"request": "x"}])
async def test_oidcc_ensure_registered_redirect_uri(
    sso: SignOn, changes: dict[str, str], wrong: dict[str, str]
) -> None:
    """`oidcc-ensure-registered-redirect-uri`: a page of ours, whatever else is wrong (O2)."""
    for prompt in ("", "none"):
        refused = await authorize(sso.browser(), sso, prompt=prompt, **changes, **wrong)
        assert refused.status_code == 400
        assert "location" not in refused.headers
        assert refused.headers["content-type"].startswith("text/html")


async def test_oidcc_ensure_post_request_succeeds(sso: SignOn, ann: User) -> None:
    """`oidcc-ensure-post-request-succeeds`."""
    browser = sso.browser()
    page = await browser.post("/oauth2/authorize", **sso.app.request())
    landed, _ = await sign_in(sso, browser, page, ann.user_name)
    assert code_of(landed)
    again = await browser.post("/oauth2/authorize", **sso.app.request())
    assert code_of(again)


@pytest.mark.parametrize("name", ["request", "request_uri"])
async def test_oidcc_request_object(sso: SignOn, name: str) -> None:
    """`oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported`,
    `oidcc-ensure-request-object-with-redirect-uri`."""
    value = "https://app.test/object" if name == "request_uri" else "eyJhbGciOiJub25lIn0.e30."
    answer = answer_of(await authorize(sso.browser(), sso, **{name: value}))
    assert answer["error"] == f"{name}_not_supported"


async def test_oidcc_userinfo(sso: SignOn, ann: User) -> None:
    """`oidcc-userinfo-get`, `-post-header`, `-post-body`: the `sub` of the ID token."""
    tokens = await tokens_of(sso, code_of(await authorize(await signed_in(sso), sso)))
    token = tokens["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    async with sso.client() as http:
        answers = [
            await http.get("/oauth2/userinfo", headers=bearer),
            await http.post("/oauth2/userinfo", headers=bearer),
            await http.post("/oauth2/userinfo", data={"access_token": token}),
        ]
        for wrong in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}):
            refused = await http.get("/oauth2/userinfo", headers=wrong)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Bearer")
    sub = (await claims_of(sso, tokens["id_token"]))["sub"]
    assert [answer.json()["sub"] for answer in answers] == [sub] * 3


async def test_o6_an_id_token_is_no_access_token(sso: SignOn, ann: User) -> None:
    """O6."""
    tokens = await tokens_of(sso, code_of(await authorize(await signed_in(sso), sso)))
    async with sso.client() as http:
        for name in ("id_token", "refresh_token"):
            bearer = {"Authorization": f"Bearer {tokens[name]}"}
            assert (await http.get("/oauth2/userinfo", headers=bearer)).status_code == 401


async def test_oidcc_pkce(sso: SignOn, ann: User) -> None:
    """`oidcc-ensure-request-with-valid-pkce-succeeds`, and nothing without."""
    browser = await signed_in(sso)
    verifier = "v" * 128
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
    landed = await authorize(browser, sso, code_challenge=challenge.rstrip("="))
    assert await tokens_of(sso, code_of(landed), code_verifier=verifier)
    for changes in ({"code_challenge": ""}, {"code_challenge_method": "plain"}):
        assert answer_of(await authorize(browser, sso, **changes))["error"] == "invalid_request"


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "300"}, {}])
async def test_a_sign_in_of_before_is_not_taken_for_a_new_one(
    sso: SignOn, ann: User, changes: dict[str, str]
) -> None:
    """An identity provider that ignores ForceAuthn does not fool the app (`oidcc-prompt-login`)."""
    browser = sso.browser()
    left = await browser.post("/login", email=ann.user_name, **sso.app.request(**changes))
    response = sso.response(
        request_id_of(left.headers["location"]),
        ann.user_name,
        authenticated_ago=timedelta(minutes=10),
    )
    answered = await sso.answer(browser, response)
    assert answered.status_code == (403 if changes else 303)
    assert ("not_asked_again" in answered.text) == bool(changes)
