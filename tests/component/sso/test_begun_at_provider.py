"""Sign-in that begins at the identity provider: a round of the app, or the provider's own test.

Nobody is ever signed in by an answer that nobody asked for.
"""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from component.sso.harness import IDP, IDP_SSO, ORIGIN, SignOn
from kernel.errors import InvalidError, NotFoundError
from sso.domain.client import ClientSettings
from sso.domain.connection import Kind, State
from support.identity_provider import key, metadata, posted, response_bytes

BEGIN = "https://app.test/login"
EMAIL = "ann@corp.example"


async def tile(sso: SignOn, **changes: object) -> httpx.Response:
    """Come from My Apps."""
    return await sso.answer(sso.browser(), sso.response(None, EMAIL, **changes))


@pytest.fixture
async def with_app(sso: SignOn) -> SignOn:
    await sso.add_user(EMAIL)
    settings = ClientSettings(initiate_login_uri=BEGIN)
    await sso.use_cases.create_client(
        "portal", "Portal", ["https://app.test/cb"], public=False, settings=settings
    )
    sso.connection = await sso.use_cases.set_default_client(sso.connection, "portal")
    return sso


async def sessions(sso: SignOn) -> int:
    return int(await sso.pool.fetchval("SELECT count(*) FROM sessions"))


async def test_b7_a_tile_begins_a_round_of_the_default_app(with_app: SignOn) -> None:
    answer = await tile(with_app)
    assert answer.status_code == 303
    there = urlsplit(answer.headers["location"])
    assert f"{there.scheme}://{there.netloc}{there.path}" == BEGIN
    assert parse_qs(there.query) == {"iss": [ORIGIN], "login_hint": [EMAIL]}
    assert "set-cookie" not in answer.headers
    assert await sessions(with_app) == 0


async def test_b7_a_relay_state_leads_nowhere_else(with_app: SignOn) -> None:
    document = with_app.response(None, EMAIL)
    async with with_app.client() as http:
        fields = {"SAMLResponse": posted(response_bytes(document)), "RelayState": "https://evil.x/"}
        answer = await http.post(f"/saml/{with_app.connection.id}/acs", data=fields)
    assert answer.headers["location"].startswith(f"{BEGIN}?")


async def test_without_a_default_app_it_is_said_where_to_begin(sso: SignOn) -> None:
    await sso.add_user(EMAIL)
    answer = await tile(sso)
    assert answer.status_code == 403
    assert "not_asked_for" in answer.text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"audience": "https://other.example/metadata"}, "audience"),
        ({"recipient": "https://other.example/acs"}, "recipient"),
        ({"issuer": "https://other.example/"}, "issuer"),
    ],
)
async def test_what_is_not_for_us_leads_nowhere(
    with_app: SignOn, changes: dict[str, str], code: str
) -> None:
    answer = await tile(with_app, **changes)
    assert answer.status_code == 403
    assert code in answer.text


async def test_what_a_stranger_signed_or_nobody_leads_nowhere(with_app: SignOn) -> None:
    unasked = with_app.response(None, EMAIL)
    for answer in (
        await with_app.answer(with_app.browser(), unasked, key("stranger")),
        await with_app.answer(with_app.browser(), unasked, sign="none"),
    ):
        assert answer.status_code == 403


async def test_s5_a_suspended_connection_leads_nowhere(with_app: SignOn) -> None:
    await with_app.use_cases.suspend_connection(with_app.connection)
    answer = await tile(with_app)
    assert answer.status_code == 403
    assert "connection_state" in answer.text


async def test_a_disabled_app_is_no_longer_led_to(with_app: SignOn) -> None:
    await with_app.use_cases.disable_client("portal")
    assert (await tile(with_app)).status_code == 403


async def test_metadata_that_waits_for_its_test_leads_nowhere(with_app: SignOn) -> None:
    await with_app.use_cases.set_metadata(with_app.connection, metadata(IDP, IDP_SSO, key("next")))
    unasked = with_app.response(None, EMAIL)
    answer = await with_app.answer(with_app.browser(), unasked, key("next"))
    assert answer.status_code == 403
    assert "connection_state" in answer.text


async def test_b6_the_providers_own_test_counts_while_nobody_signs_in_yet(sso: SignOn) -> None:
    await sso.add_user(EMAIL)
    draft = await sso.use_cases.create_connection(sso.tenant, "Second", Kind.ENTRA)
    draft = await sso.use_cases.set_metadata(draft, metadata(IDP, IDP_SSO, key()))
    assert draft.state is State.DRAFT
    own = f"{ORIGIN}/saml/{draft.id}"
    said = replace(
        sso.response(None, EMAIL),
        acs_url=f"{own}/acs",
        audience=f"{own}/metadata",
        assertion_id="_test",
    )
    here, sso.connection = sso.connection, draft
    passed = await sso.answer(sso.browser(), said)
    again = await sso.answer(sso.browser(), said)
    sso.connection = here
    assert passed.status_code == 200
    assert "The test has passed" in passed.text
    assert again.status_code == 403
    assert (await sso.use_cases.get_connection(str(draft.id))).state is State.TESTED
    assert await sessions(sso) == 0


async def test_an_app_must_say_where_it_begins(sso: SignOn) -> None:
    with pytest.raises(InvalidError, match="registered no address"):
        await sso.use_cases.set_default_client(sso.connection, sso.app.client_id)
    with pytest.raises(NotFoundError):
        await sso.use_cases.set_default_client(sso.connection, "nobody")
