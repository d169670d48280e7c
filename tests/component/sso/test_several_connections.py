"""Several connections of one tenant: each speaks for its domains alone."""

from dataclasses import dataclass, replace

import httpx
import pytest

from chassis.database import transaction
from component.sso.commands import facts, run
from component.sso.harness import ORIGIN, SignOn, request_id_of
from kernel.errors import InvalidError
from sso import wiring
from sso.domain.connection import Connection, Kind, State
from sso.usecases.ports import ConnectionInUseError
from support.identity_provider import Key, key, metadata, posted, response_bytes

OTHER_IDP = "https://idp.partner.example/saml"
OTHER_SSO = "https://idp.partner.example/sso"
BOSS = "boss@corp.example"
GUEST = "guest@partner.example"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
EMAIL_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
CLAIM = "http://schemas.microsoft.com/identity/claims"


@dataclass
class Two:
    """A tenant with a second connection, for another of its domains."""

    sso: SignOn
    second: Connection

    async def answer(
        self, connection: Connection, request_id: str, email: str, **changes: object
    ) -> httpx.Response:
        """Post what the identity provider of one of both answers."""
        is_second = connection.id == self.second.id
        made = self.sso.response(
            request_id,
            email,
            **{
                "acs_url": f"{ORIGIN}/saml/{connection.id}/acs",
                "audience": f"{ORIGIN}/saml/{connection.id}/metadata",
                **({"issuer": OTHER_IDP} if is_second else {}),
                "name_id": email,
                **changes,
            },
        )
        by: Key = key("partner") if is_second else key()
        async with self.sso.client() as http:
            fields = {"SAMLResponse": posted(response_bytes(made, by))}
            return await http.post(f"/saml/{connection.id}/acs", data=fields)

    async def begun(self, email: str) -> tuple[str, str]:
        """Return where somebody is led, and by which request."""
        left = await self.sso.browser().post("/login", email=email, **self.sso.app.request())
        assert left.status_code == 303, left.text
        location = left.headers["location"]
        return location.partition("?")[0], request_id_of(location)


async def add_connection(sso: SignOn, domains: tuple[str, ...], test_by: str) -> Connection:
    """Make another connection, tested by somebody, not activated."""
    cases = sso.use_cases
    made = await cases.create_connection(sso.tenant, "Partner", Kind.SAML)
    made = await cases.set_metadata(made, metadata(OTHER_IDP, OTHER_SSO, key("partner")))
    made = await cases.set_domains(made, domains)
    request_id = request_id_of(await cases.test_connection(made))
    tested = await Two(sso, made).answer(made, request_id, test_by)
    assert tested.status_code == 200, tested.text
    return await cases.get_connection(str(made.id))


@pytest.fixture
async def two(sso: SignOn) -> Two:
    async with transaction(sso.pool) as connection:
        cases = wiring.event_use_cases(connection, sso.clock)
        await cases.keep_domain(sso.tenant.tenant_id, "partner.example")
        await cases.keep_domain(sso.tenant.tenant_id, "third.example")
    await sso.add_user(BOSS, external_id="boss-object")
    await sso.add_user(GUEST)
    made = await add_connection(sso, ("partner.example",), GUEST)
    return Two(sso, await sso.use_cases.activate_connection(made))


async def test_each_domain_leads_to_its_own_connection(two: Two) -> None:
    there, _ = await two.begun(GUEST)
    assert there == OTHER_SSO
    for email in (BOSS, "x@third.example"):
        there, _ = await two.begun(email)
        assert there != OTHER_SSO


async def test_people_of_both_sign_in(two: Two) -> None:
    _, request_id = await two.begun(GUEST)
    assert (await two.answer(two.second, request_id, GUEST)).status_code == 303
    _, request_id = await two.begun(BOSS)
    assert (await two.answer(two.sso.connection, request_id, BOSS)).status_code == 303


async def test_p9_one_does_not_speak_for_the_other_ones_people(two: Two) -> None:
    """By address either way, nor by an object id, which proves nothing of the provider's."""
    _, request_id = await two.begun(GUEST)
    refused = await two.answer(two.second, request_id, BOSS)
    assert (refused.status_code, "foreign_address" in refused.text) == (403, True)
    stolen = {"attributes": {f"{CLAIM}/objectidentifier": ["boss-object"]}, "name_id": GUEST}
    refused = await two.answer(two.second, request_id, GUEST, **stolen)
    assert (refused.status_code, "foreign_address" in refused.text) == (403, True)
    _, request_id = await two.begun(BOSS)
    refused = await two.answer(two.sso.connection, request_id, GUEST)
    assert (refused.status_code, "foreign_address" in refused.text) == (403, True)
    assert await two.sso.pool.fetchval("SELECT count(*) FROM bindings") == 0


async def test_a_test_does_not_reach_further_either(two: Two) -> None:
    request_id = request_id_of(await two.sso.use_cases.test_connection(two.second))
    refused = await two.answer(two.second, request_id, BOSS)
    assert (refused.status_code, "foreign_address" in refused.text) == (403, True)


async def test_who_is_bound_stays_where_they_are_bound(two: Two) -> None:
    """A domain that moves away takes nobody's access by what they are bound to."""
    persistent = {"name_id": "p-1", "name_id_format": PERSISTENT}
    attributes = {EMAIL_CLAIM: [GUEST]}
    _, request_id = await two.begun(GUEST)
    first = await two.answer(two.second, request_id, GUEST, attributes=attributes, **persistent)
    assert first.status_code == 303, first.text
    _, request_id = await two.begun(GUEST)
    await two.sso.use_cases.set_domains(two.second, ("third.example",))
    again = await two.answer(two.second, request_id, GUEST, attributes={}, **persistent)
    assert again.status_code == 303


async def test_one_domain_leads_to_one_connection(two: Two) -> None:
    cases = two.sso.use_cases
    with pytest.raises(ConnectionInUseError):
        await cases.set_domains(two.second, ())
    changed = await cases.set_domains(two.sso.connection, ("corp.example", "third.example"))
    with pytest.raises(ConnectionInUseError):
        await cases.set_domains(changed, ("corp.example", "partner.example"))
    assert (await cases.get_connection(str(changed.id))).domains == changed.domains
    assert (await cases.set_domains(two.second, ())).domains == ()


async def test_a_suspended_connection_gives_its_domain_back(two: Two) -> None:
    await two.sso.use_cases.suspend_connection(two.second)
    there, request_id = await two.begun(GUEST)
    assert there != OTHER_SSO
    assert (await two.answer(two.sso.connection, request_id, GUEST)).status_code == 303
    suspended = await two.sso.use_cases.get_connection(str(two.second.id))
    assert suspended.state is State.SUSPENDED


async def test_the_commands_say_and_show_it(two: Two) -> None:
    shown = await facts(two.sso, "connection", "set-domains", str(two.second.id), "THIRD.example")
    assert shown["domains"] == ["third.example"]
    refused = await run(
        two.sso, "connection", "set-domains", str(two.second.id), "microsoft.com", "--json"
    )
    assert refused.exit_code != 0
    assert "proved" in refused.output
    with pytest.raises(InvalidError):
        await two.sso.use_cases.set_domains(two.second, ("a@b",))


async def test_claims_are_named_tested_and_kept(two: Two) -> None:
    """The address and the stable subject come from where an admin says; then it is tested anew."""
    sso, cases = two.sso, two.sso.use_cases
    shown = await facts(
        sso,
        *("connection", "set-claims", str(two.second.id), "--email", "mail", "--subject", "uid"),
    )
    assert (shown["email_claim"], shown["subject_claim"], shown["tested"]) == ("mail", "uid", False)
    fresh = metadata(OTHER_IDP, OTHER_SSO, key("partner"), key("next"))
    changed = await cases.set_metadata(two.second, fresh)
    assert changed.candidate is not None
    assert (changed.candidate.email_claim, changed.candidate.subject_claim) == ("mail", "uid")
    request_id = request_id_of(await cases.test_connection(changed))
    claims = {"attributes": {"mail": [GUEST], "uid": ["u-7"]}, "name_id": "whatever@corp.example"}
    tested = await two.answer(two.second, request_id, GUEST, **claims)
    assert tested.status_code == 200, tested.text
    await cases.activate_connection(changed)
    _, request_id = await two.begun(GUEST)
    assert (await two.answer(two.second, request_id, GUEST, **claims)).status_code == 303
    subject = await sso.pool.fetchval("SELECT subject FROM bindings")
    assert subject == f"claim:{OTHER_IDP}/uid/u-7"
    _, request_id = await two.begun(GUEST)
    without = {"attributes": {EMAIL_CLAIM: [GUEST]}, "name_id": GUEST}
    refused = await two.answer(two.second, request_id, GUEST, **without)
    assert (refused.status_code, "no_subject" in refused.text) == (403, True)
    refreshed = replace(changed.candidate, unlisted={})
    assert refreshed.refreshed(changed.candidate, sso.clock.now()).email_claim == "mail"
