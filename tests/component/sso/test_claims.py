"""Who an assertion speaks of: claims as real identity providers send them, and do not."""

from typing import Any

import httpx
import pytest

from chassis.database import transaction
from component.sso.harness import ENTRA_TENANT, SignOn, code_of
from component.sso.test_refresh import claims_of, refresh
from sso import wiring
from support.identity_provider import CLAIMS, ENTRA_CLAIMS

EMAIL = "ann@corp.example"
MAIL_CLAIM, NAME_CLAIM = f"{CLAIMS}/emailaddress", f"{CLAIMS}/name"
GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
ENTRA = {
    f"{ENTRA_CLAIMS}/tenantid": [ENTRA_TENANT],
    f"{ENTRA_CLAIMS}/objectidentifier": ["o-1"],
}
NOBODY: dict[str, Any] = {"name_id": None}


async def come(sso: SignOn, attributes: dict[str, list[str]], **said: Any) -> httpx.Response:
    """Sign in by an assertion with these claims, and return what the ACS answers."""
    request_id = await sso.leave(sso.browser(), EMAIL)
    response = sso.response(request_id, None, attributes=attributes, **said)
    return await sso.answer(sso.browser(), response)


def is_in(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and "proof=" in answer.headers["location"]


def is_refused(answer: httpx.Response, code: str) -> bool:
    return answer.status_code == 403 and f"<code>{code}</code>" in answer.text


@pytest.mark.parametrize("mail", [None, [], [""], [" "]])
async def test_c1_who_is_bound_needs_no_address(sso: SignOn, mail: list[str] | None) -> None:
    await sso.add_user(EMAIL)
    claims = ENTRA | ({} if mail is None else {MAIL_CLAIM: mail})
    assert is_refused(await come(sso, {}, **NOBODY), "no_subject")
    assert not is_in(await come(sso, claims, **NOBODY))
    assert is_in(await come(sso, ENTRA | {MAIL_CLAIM: [EMAIL]}, **NOBODY))
    assert is_in(await come(sso, claims, **NOBODY))


@pytest.mark.parametrize("claim", [MAIL_CLAIM, NAME_CLAIM])
@pytest.mark.parametrize("said", ["ann@corp.example", "a.nn@mail.example", "ANN@Corp.Example"])
async def test_c2_user_name_and_address_may_differ(sso: SignOn, claim: str, said: str) -> None:
    async with transaction(sso.pool) as connection:
        cases = wiring.event_use_cases(connection, sso.clock)
        await cases.keep_domain(sso.tenant.tenant_id, "mail.example")
    await sso.add_user(EMAIL, email="a.nn@mail.example")
    assert is_in(await come(sso, {claim: [said]}, **NOBODY))


async def test_c2_the_address_that_is_in_a_domain_of_the_tenant_counts(sso: SignOn) -> None:
    await sso.add_user(EMAIL, email="ann@mail.example")
    claims = {MAIL_CLAIM: ["ann@mail.example"], NAME_CLAIM: [EMAIL]}
    assert is_in(await come(sso, claims, **NOBODY))


async def test_c3_groups_change_nothing(sso: SignOn) -> None:
    user = await sso.add_user(EMAIL, role="member")
    for groups in (
        {GROUPS: [f"group-{each}" for each in range(1_000)]},
        {f"{GROUPS}.link": ["https://graph.windows.net/x/getMemberObjects"]},
        {GROUPS: ["tenant_admin"]},
        {},
    ):
        assert is_in(await come(sso, {MAIL_CLAIM: [EMAIL], **groups}, **NOBODY))
    role = await sso.pool.fetchval("SELECT role FROM users WHERE id = $1", user.id)
    assert role == "member"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ([EMAIL, EMAIL.upper()], None),
        ([EMAIL, "ann@elsewhere.example"], None),
        ([EMAIL, "bob@corp.example"], "ambiguous_address"),
        ([f"{EMAIL};bob@corp.example"], "no_subject"),
        (["ann@elsewhere.example"], "foreign_address"),
    ],
)
async def test_c4_one_address_remains_or_none(
    sso: SignOn, said: list[str], code: str | None
) -> None:
    await sso.add_user(EMAIL)
    await sso.add_user("bob@corp.example")
    answer = await come(sso, {MAIL_CLAIM: said}, **NOBODY)
    assert is_in(answer) if code is None else is_refused(answer, code), answer.text


async def test_c5_a_transient_name_is_nobodys(sso: SignOn) -> None:
    await sso.add_user(EMAIL)
    refused = await come(sso, {}, name_id=EMAIL, name_id_format=TRANSIENT)
    assert is_refused(refused, "no_subject")
    claims = {MAIL_CLAIM: [EMAIL]}
    assert is_in(await come(sso, claims, name_id="t-1", name_id_format=TRANSIENT))
    assert is_in(await come(sso, claims, name_id="t-2", name_id_format=TRANSIENT))
    assert await sso.pool.fetchval("SELECT count(*) FROM bindings") == 0


async def test_c6_somebody_made_again_is_told_apart(sso: SignOn) -> None:
    await sso.add_user(EMAIL)
    assert is_in(await come(sso, ENTRA | {MAIL_CLAIM: [EMAIL]}))
    again = ENTRA | {f"{ENTRA_CLAIMS}/objectidentifier": ["o-2"], MAIL_CLAIM: [EMAIL]}
    assert is_refused(await come(sso, again), "other_subject")


HOSTILE = [
    "a@x.example@corp.example",
    '"a@x.example"@corp.example',
    "a@x.example,ann@corp.example",
    "ann\uff20corp.example",
    "ann@corp.example.",
    "ann@corp.example\u200b",
    "ann @corp.example",
    "ann@.corp.example",
    "@corp.example",
    f"{'a' * 250}@corp.example",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_c7_one_reader_of_addresses(sso: SignOn, text: str) -> None:
    """What two readers could read differently is no address, at the login page and in a claim."""
    await sso.add_user(EMAIL)
    page = await sso.browser().post("/login", email=text, **sso.app.request())
    assert page.status_code == 200
    assert "We do not know" in page.text
    answer = await come(sso, {MAIL_CLAIM: [text]}, **NOBODY)
    assert answer.status_code == 403, answer.text


METHODS = "http://schemas.microsoft.com/claims/authnmethodsreferences"
PASSWORD_METHOD = "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password"
SEVERAL = "http://schemas.microsoft.com/claims/multipleauthn"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
REFEDS = "https://refeds.org/profile/mfa"


@pytest.mark.parametrize(
    ("methods", "context_class", "amr", "acr"),
    [
        ([], PASSWORD, ["fed"], PASSWORD),
        ([PASSWORD_METHOD], PASSWORD, ["fed"], PASSWORD),
        ([PASSWORD_METHOD, SEVERAL], PASSWORD, ["fed", "mfa"], PASSWORD),
        ([], REFEDS, ["fed", "mfa"], REFEDS),
        ([f"{SEVERAL}x"], "", ["fed"], None),
        ([], "x" * 300, ["fed"], None),
    ],
)
async def test_an_app_is_told_how_the_person_signed_in(
    sso: SignOn, methods: list[str], context_class: str, amr: list[str], acr: str | None
) -> None:
    await sso.add_user(EMAIL)
    browser, said = sso.browser(), {MAIL_CLAIM: [EMAIL], METHODS: methods}
    code = await sso.sign_in(browser, EMAIL, attributes=said, context_class=context_class)
    async with sso.client() as http:
        told = (await sso.app.redeem(http, code)).json()
        first = claims_of(told["id_token"])
        again = await refresh(sso, http, told["refresh_token"])
    for claims in (first, claims_of(again.json()["id_token"])):
        assert (claims["amr"], claims.get("acr")) == (amr, acr)


async def test_also_of_whom_the_directory_has_told_late(sso: SignOn) -> None:
    browser = sso.browser()
    request_id = await sso.leave(browser, EMAIL)
    said = {MAIL_CLAIM: [EMAIL], METHODS: [SEVERAL]}
    waits = await sso.answer(browser, sso.response(request_id, None, attributes=said))
    await sso.add_user(EMAIL)
    onward = await browser.get(waits.headers["refresh"].partition("; url=")[2])
    code = code_of(await browser.get(onward.headers["location"]))
    async with sso.client() as http:
        told = (await sso.app.redeem(http, code)).json()
    assert claims_of(told["id_token"])["amr"] == ["fed", "mfa"]
