"""Keys follow each other while people sign in, and encrypted assertions are read by ours."""

import asyncio
import base64
import subprocess
import sys
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from cryptography import x509
from cryptography.fernet import Fernet
from lxml import etree

from chassis.clock import SystemClock
from component.sso.harness import SignOn, TestClock, open_sign_on
from kernel.errors import ConflictError
from sso.domain.keys import KEPT, LEAD, KeyState, Purpose
from sso.oidc.keys import KeysUnreadable, encryption
from sso.storage.keys import PostgresKeys
from sso.usecases.keys import KeepKeys, RewrapKeys
from support.databases import DatabaseFactory
from support.encryption import GCM, How, encrypt_assertion
from support.identity_provider import DS, response_bytes
from support.waiting import eventually

_MD = "urn:oasis:names:tc:SAML:2.0:metadata"


async def _published(sso: SignOn) -> list[bytes]:
    """Return the certificates (DER) that our metadata tells to encrypt to."""
    async with sso.client() as http:
        answer = await http.get(f"/saml/{sso.connection.id}/metadata")
    root = etree.fromstring(answer.content)
    found = []
    for each in root.iter(f"{{{_MD}}}KeyDescriptor"):
        if each.get("use") == "signing":
            continue
        assert each.get("use") == "encryption"
        found.append(base64.b64decode(each.findtext(f".//{{{DS}}}X509Certificate") or ""))
    return found


class _Recipient:
    """Whoever has a certificate, as identity providers do, and no private key."""

    def __init__(self, certificate: bytes) -> None:
        self.private: Any = self
        self._key: Any = x509.load_der_x509_certificate(certificate).public_key()

    def public_key(self) -> Any:
        return self._key


async def _sign_in(sso: SignOn, certificate: bytes, sign: str = "assertion") -> httpx.Response:
    """Sign in with an assertion that is encrypted to a certificate."""
    browser = sso.browser()
    request_id = await sso.leave(browser, "ann@corp.example")
    response = sso.response(request_id, "ann@corp.example")
    root = etree.fromstring(response_bytes(response, sign=sign))
    recipient: Any = _Recipient(certificate)
    encrypted = encrypt_assertion(root, How(GCM[2]), [recipient])
    answered = await sso.post_document(etree.tostring(encrypted))
    if answered.status_code != 303:
        return answered
    return await browser.get(answered.headers["location"])


async def _refresh(sso: SignOn) -> None:
    await sso.keys.tokens.refresh()
    await sso.keys.saml.refresh()


async def test_m6_a_provider_encrypts_to_the_certificate_of_our_metadata(sso: SignOn) -> None:
    """Through a rotation: to the old certificate, to the next one, and to the old one after."""
    await sso.add_user("ann@corp.example")
    [first] = await _published(sso)
    assert (await _sign_in(sso, first)).status_code == 303
    await sso.use_cases.rotate_keys(Purpose.SAML)
    with pytest.raises(ConflictError):
        await sso.use_cases.rotate_keys(Purpose.SAML)
    await _refresh(sso)
    both = await _published(sso)
    assert both[0] == first
    assert len(both) == 2
    for certificate in both:
        assert (await _sign_in(sso, certificate)).status_code == 303
    sso.clock.ahead = LEAD
    assert await _published(sso) == both[1:]
    for certificate in both:
        assert (await _sign_in(sso, certificate)).status_code == 303


async def test_s4_encryption_alone_lets_nobody_in(sso: SignOn) -> None:
    await sso.add_user("ann@corp.example")
    [certificate] = await _published(sso)
    refused = await _sign_in(sso, certificate, sign="none")
    assert refused.status_code == 403
    assert (await sso.log())[-1][0] == "unsigned"


async def test_keys_of_tokens_follow_each_other_without_a_restart(sso: SignOn) -> None:
    await sso.add_user("ann@corp.example")
    keep = KeepKeys(PostgresKeys(sso.pool), sso.make_key, sso.clock)

    async def kids() -> list[str]:
        async with sso.client() as http:
            return [key["kid"] for key in (await http.get("/oauth2/jwks")).json()["keys"]]

    async def told(token: str) -> int:
        async with sso.client() as http:
            headers = {"Authorization": f"Bearer {token}"}
            return (await http.get("/oauth2/userinfo", headers=headers)).status_code

    async def token() -> str:
        code = await sso.sign_in(sso.browser(), "ann@corp.example")
        async with sso.client() as http:
            return str((await sso.app.redeem(http, code)).json()["access_token"])

    [first] = await kids()
    sso.clock.ahead = timedelta(days=29)
    await keep()
    await keep()
    await _refresh(sso)
    assert (await kids())[0] == first
    assert len(await kids()) == 2
    old = await token()
    sso.clock.ahead = timedelta(days=30)
    sso.clock.ahead += timedelta(seconds=-60)
    late = await token()
    sso.clock.ahead += timedelta(seconds=120)
    assert (await kids())[1] == first
    assert await told(late) == 200
    assert _kid(old) == _kid(late) == first
    assert _kid(await token()) != first
    sso.clock.ahead += KEPT
    assert await keep() == 1
    await _refresh(sso)
    assert first not in await kids()


def _kid(token: str) -> str:
    header = token.partition(".")[0]
    return str(orjson.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])


async def test_what_encrypts_keys_at_rest_can_be_changed(sso: SignOn) -> None:
    old, new = sso.settings.encryption_keys.get_secret_value(), Fernet.generate_key().decode()
    wrapped = await RewrapKeys(PostgresKeys(sso.pool), encryption(f"{new},{old}").rotate)()
    assert wrapped == 2
    with pytest.raises(KeysUnreadable):
        await sso.open_keyrings(old)
    assert (await sso.open_keyrings(new)).certificates() == await _published(sso)


async def test_private_keys_are_not_stored_as_they_are(sso: SignOn) -> None:
    for row in await sso.pool.fetch("SELECT private_key FROM keys"):
        assert b"PRIVATE" not in row["private_key"]
        assert row["private_key"].startswith(b"gAAAA")


async def test_states_are_listed(sso: SignOn) -> None:
    await sso.use_cases.rotate_keys(Purpose.OPENID)
    listed = [(key.purpose, state) for key, state in await sso.use_cases.list_keys()]
    assert listed == [
        (Purpose.OPENID, KeyState.CURRENT),
        (Purpose.OPENID, KeyState.NEXT),
        (Purpose.SAML, KeyState.CURRENT),
    ]


async def test_processes_that_start_at_once_make_one_key_of_each(database: DatabaseFactory) -> None:
    dsn = await database("sso")
    async with open_sign_on(dsn, TestClock(SystemClock())) as sso:
        await sso.pool.execute("DELETE FROM keys")
        current = sso.settings.encryption_keys.get_secret_value()
        rings = await asyncio.gather(*(sso.open_keyrings(current) for _ in range(5)))
        assert len({ring.tokens()[0].kid for ring in rings}) == 1
        assert await sso.pool.fetchval("SELECT count(*) FROM keys") == 2


async def test_a_running_process_sees_a_new_key_by_itself(
    sso: SignOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sso.storage.keys.REFRESH_SECONDS", 0.02)
    [first] = await _published(sso)
    loop = asyncio.create_task(sso.keys.saml.run())
    try:
        await sso.use_cases.rotate_keys(Purpose.SAML)

        async def both_are_published() -> bool:
            return len(await _published(sso)) == 2

        await eventually(both_are_published)
    finally:
        loop.cancel()
    assert (await _published(sso))[0] == first


async def test_operators_list_rotate_and_rewrap_by_commands(
    sso: SignOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSO_DATABASE_URL", sso.settings.database_url)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")

    async def run(*arguments: str) -> tuple[int | None, bytes]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sso", "keys", *arguments, stdout=subprocess.PIPE
        )
        async with asyncio.timeout(60):
            printed, _ = await process.communicate()
        return process.returncode, printed

    done, rotated = await run("rotate", "saml", "--json")
    assert done == 0
    assert orjson.loads(rotated)["state"] == "next"
    assert (await run("rotate", "saml"))[0] == 1
    assert [
        (key["purpose"], key["state"]) for key in orjson.loads((await run("list", "--json"))[1])
    ] == [("openid", "current"), ("saml", "current"), ("saml", "next")]
    assert await run("rewrap") == (
        0,
        b"3 keys are encrypted by the first of SSO_ENCRYPTION_KEYS.\n",
    )
